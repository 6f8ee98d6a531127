// The program of Go's runners: gorilla/sessions itself, or, for comparison, the
// request and the response alone. It speaks the protocol of bench/protocol.ts:
// it prints a description and then one result per task, one JSON object per
// line. It ends when its input ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

type task struct {
	// Selects the visitors whose cookies are used.
	Sample string `json:"sample"`
	// "read", "read again" or "save".
	Operation string `json:"operation"`
	Count     int    `json:"count"`
	// Replaces the visitors' cookies of this sample; Cookie headers.
	Cookies []string `json:"cookies"`
}

type result struct {
	Duration duration `json:"duration"`
	// What the last operation read and set.
	Values    map[string]any `json:"values,omitempty"`
	SetCookie []string       `json:"setCookie,omitempty"`
}

// duration is how long a task took, in nanoseconds.
type duration struct {
	// CPU time of the whole process.
	Processor int64 `json:"processor"`
	// Wall-clock time.
	Clock int64 `json:"clock"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bench gorilla|objects")
	}
	r, ok := runners[os.Args[1]]
	if !ok {
		log.Fatalf("unknown runner %q", os.Args[1])
	}
	if err := serve(r, json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != io.EOF {
		log.Fatal(err)
	}
}

func serve(r runner, in *json.Decoder, out *json.Encoder) error {
	if err := out.Encode(r); err != nil {
		return err
	}
	visitorsOf := map[string]*visitors{}
	for {
		var t task
		if err := in.Decode(&t); err != nil {
			return err
		}
		if t.Cookies != nil {
			visitorsOf[t.Sample] = &visitors{cookies: t.Cookies}
		}
		done, err := r.run(t.Operation, visitorsOf[t.Sample], t.Count)
		if err != nil {
			return err
		}
		if err := out.Encode(done); err != nil {
			return err
		}
	}
}

func (r runner) run(operation string, from *visitors, count int) (result, error) {
	var visit func(cookie string) (outcome, error)
	next := from.next
	switch operation {
	case "read":
		visit = r.read
	case "read again":
		visit, next = r.read, from.returning
	case "save":
		visit = r.save
	default:
		return result{}, fmt.Errorf("unknown operation %q", operation)
	}
	var last outcome
	var err error
	startUsage, start := processorTime(), time.Now()
	for i := 0; i < count && err == nil; i++ {
		last, err = visit(next())
	}
	elapsed := duration{
		Processor: int64(processorTime() - startUsage),
		Clock:     int64(time.Since(start)),
	}
	return result{elapsed, stringKeys(last.values), last.setCookie}, err
}

// visitors are the cookies of a sample, used in turn: none repeats before all
// others were used.
type visitors struct {
	cookies []string
	at      int
}

func (v *visitors) next() string {
	v.at = (v.at + 1) % len(v.cookies)
	return v.cookies[v.at]
}

// returning is the cookie of the visitor in "read again".
func (v *visitors) returning() string {
	return v.cookies[0]
}

// stringKeys returns the values whose keys are strings: all of them, here.
func stringKeys(values map[any]any) map[string]any {
	named := make(map[string]any, len(values))
	for key, value := range values {
		if name, ok := key.(string); ok {
			named[name] = value
		}
	}
	return named
}
