// A contestant of Go as a program: gorilla/sessions itself, or, for comparison,
// the request and the response alone. It prints a description, and then one
// answer per question, one JSON object per line. It ends when its input ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

type question struct {
	// Names the visitors whose cookies are used.
	Sample string `json:"sample"`
	// "read", "read again" or "save".
	Operation string `json:"operation"`
	Count     int    `json:"count"`
	// The visitors' cookies from now on, as Cookie headers.
	Cookies []string `json:"cookies"`
}

type answer struct {
	Duration duration `json:"duration"`
	// What the last operation came to.
	Values    map[string]any `json:"values,omitempty"`
	SetCookie []string       `json:"setCookie,omitempty"`
}

// In nanoseconds.
type duration struct {
	// Of all processors together.
	Processor int64 `json:"processor"`
	// By the clock.
	Clock int64 `json:"clock"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bench gorilla|objects")
	}
	contestant, ok := contestants[os.Args[1]]
	if !ok {
		log.Fatal("there is no contestant of that name")
	}
	if err := serve(contestant, json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != io.EOF {
		log.Fatal(err)
	}
}

func serve(c contestant, in *json.Decoder, out *json.Encoder) error {
	if err := out.Encode(c); err != nil {
		return err
	}
	known := map[string]*visitors{}
	for {
		var q question
		if err := in.Decode(&q); err != nil {
			return err
		}
		if q.Cookies != nil {
			known[q.Sample] = &visitors{cookies: q.Cookies}
		}
		a, err := c.run(q.Operation, known[q.Sample], q.Count)
		if err != nil {
			return err
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

func (c contestant) run(operation string, from *visitors, count int) (answer, error) {
	var visit func(cookie string) (outcome, error)
	next := from.next
	switch operation {
	case "read":
		visit = c.read
	case "read again":
		visit, next = c.read, from.regular
	case "save":
		visit = c.save
	default:
		return answer{}, fmt.Errorf("there is no operation %q", operation)
	}
	var last outcome
	var err error
	startUsage, start := processorTime(), time.Now()
	for i := 0; i < count && err == nil; i++ {
		last, err = visit(next())
	}
	took := duration{
		Processor: int64(processorTime() - startUsage),
		Clock:     int64(time.Since(start)),
	}
	return answer{took, named(last.values), last.setCookie}, err
}

// visitors come in turn, none again before all others did.
type visitors struct {
	cookies []string
	at      int
}

func (v *visitors) next() string {
	v.at = (v.at + 1) % len(v.cookies)
	return v.cookies[v.at]
}

// regular is the cookie of one who comes over and over.
func (v *visitors) regular() string {
	return v.cookies[0]
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
