// The benchmark's Go side: gorilla/sessions itself. One JSON object per line on
// standard input, one answer per line on standard output. The program ends when
// its input ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

type request struct {
	// "gorilla", or "objects" for the request and the response alone.
	Contestant string `json:"contestant"`
	// "read" or "save".
	Operation string `json:"operation"`
	// The Cookie header.
	Cookie string `json:"cookie"`
	Count  int    `json:"count"`
}

type response struct {
	Nanoseconds int64 `json:"nanoseconds"`
	// What the last of the operations came to.
	Values    map[string]any `json:"values,omitempty"`
	SetCookie []string       `json:"setCookie,omitempty"`
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked request
		if err := in.Decode(&asked); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		answer, err := run(asked)
		if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
}

func run(asked request) (response, error) {
	visit, ok := visits[asked.Contestant+" "+asked.Operation]
	if !ok {
		return response{}, fmt.Errorf("there is no %s %s", asked.Contestant, asked.Operation)
	}
	var last outcome
	var err error
	start := time.Now()
	for i := 0; i < asked.Count && err == nil; i++ {
		last, err = visit(asked.Cookie)
	}
	took := time.Since(start)
	return response{took.Nanoseconds(), named(last.values), last.setCookie}, err
}

// named returns the values whose keys are strings, which is all of them here.
func named(values map[any]any) map[string]any {
	result := make(map[string]any, len(values))
	for key, value := range values {
		if name, ok := key.(string); ok {
			result[name] = value
		}
	}
	return result
}
