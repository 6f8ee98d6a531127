// The app of test/comparison with gorilla/sessions: /read, /set?key=value, /slow?key=value, /sign-in, /sign-out.
//
// KEYS has a hash key and a block key for each secret, in hex and newest first. With FOLDER, sessions are in files.
// /slow asks the URL in GATE between reading the session and changing it.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/gorilla/sessions"
)

func main() {
	var keys [][]byte
	for _, text := range strings.Split(os.Getenv("KEYS"), ",") {
		key, err := hex.DecodeString(text)
		if err != nil {
			log.Fatal(err)
		}
		keys = append(keys, key)
	}
	var store sessions.Store = sessions.NewCookieStore(keys...)
	if folder := os.Getenv("FOLDER"); folder != "" {
		store = sessions.NewFilesystemStore(folder, keys...)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	log.Fatal(http.Serve(listener, handler(store)))
}

func handler(store sessions.Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "session")
		if r.URL.Path == "/read" {
			values := map[string]any{}
			for key, value := range session.Values {
				values[fmt.Sprint(key)] = value
			}
			json.NewEncoder(w).Encode(values)
			return
		}
		switch r.URL.Path {
		case "/slow":
			http.Get(os.Getenv("GATE"))
		case "/sign-in":
			session.Values["user"] = "ann"
		case "/sign-out":
			session.Options.MaxAge = -1
		}
		for key, values := range r.URL.Query() {
			session.Values[key] = values[0]
		}
		if err := session.Save(r, w); err != nil {
			http.Error(w, "failed", http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, "done")
	}
}
