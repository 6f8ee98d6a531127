// Web is a small shop that stores its sessions with gorilla/sessions. A
// program in another language with the same keys and folder shares the
// sessions.
package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 selects a free port")
	dir := flag.String("dir", "", "folder of the session files")
	keyList := flag.String("keys", "", "hash and block keys in hex, newest pair first; a block key may be empty")
	flag.Parse()
	if err := run(*addr, *dir, *keyList); err != nil {
		log.Fatal(err)
	}
}

func run(addr, dir, keyList string) error {
	if dir == "" {
		return errors.New("-dir is missing")
	}
	keyPairs, err := parseKeys(keyList)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{
		Handler:           newShop(dir, keyPairs).routes(),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.Serve(listener)
}

// parseKeys parses a comma-separated list that alternates hash keys and block
// keys. An empty item stands for no key.
func parseKeys(list string) ([][]byte, error) {
	if list == "" {
		return nil, errors.New("-keys is missing")
	}
	var keys [][]byte
	for i, text := range strings.Split(list, ",") {
		key, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("-keys: key %d is not hex", i+1)
		}
		if len(key) == 0 {
			key = nil
		}
		keys = append(keys, key)
	}
	return keys, nil
}
