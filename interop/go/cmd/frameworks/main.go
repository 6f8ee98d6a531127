//go:build stores

// Frameworks is a login with a cart, in Gin with gin-contrib/sessions or in
// Echo with echo-contrib/session. A program in another language with the same
// key and session name shares the login.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// settings say where an application keeps its sessions.
type settings struct {
	// key signs the cookies.
	key []byte
	// redis is the address of a Redis server. Without it the sessions are in
	// cookies.
	redis string
}

var frameworks = map[string]func(settings) (http.Handler, error){
	"echo": newEcho,
	"gin":  newGin,
}

func main() {
	framework := flag.String("framework", "", "gin or echo")
	key := flag.String("key", "", "hash key")
	redis := flag.String("redis", "", "address of a Redis server; without it the sessions are in cookies")
	flag.Parse()
	if err := run(*framework, settings{[]byte(*key), *redis}); err != nil {
		log.Fatal(err)
	}
}

func run(framework string, s settings) error {
	newApp, ok := frameworks[framework]
	if !ok {
		return fmt.Errorf("-framework is %q, not gin or echo", framework)
	}
	if len(s.key) == 0 {
		return errors.New("-key is missing")
	}
	app, err := newApp(s)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: app, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}
