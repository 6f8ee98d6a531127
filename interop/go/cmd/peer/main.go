// Peer reads and writes sessions with gorilla/sessions on request. It reads
// one JSON object per line from standard input and writes one response per
// line to standard output, in the same order. README.md describes the protocol.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gorilla/securecookie"
)

type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// response may contain both a result and an error, because a Go store returns
// a usable session along with the error from loading it.
type response struct {
	ID     json.RawMessage `json:"id"`
	Result any             `json:"result,omitempty"`
	Error  *responseError  `json:"error,omitempty"`
}

type responseError struct {
	Message string `json:"message"`
	Kind    string `json:"kind"`
}

type method func(params json.RawMessage) (any, error)

var methods = map[string]method{
	"cookie.save":   of(cookieOnly(save)),
	"cookie.load":   of(cookieOnly(load)),
	"cookie.update": of(cookieOnly(update)),
	"cookie.delete": of(cookieOnly(remove)),
	"fs.save":       of(filesOnly(save)),
	"fs.load":       of(filesOnly(load)),
	"fs.update":     of(filesOnly(update)),
	"fs.delete":     of(filesOnly(remove)),
	"store.save":    of(communityOnly(save)),
	"store.load":    of(communityOnly(load)),
	"store.update":  of(communityOnly(update)),
	"store.delete":  of(communityOnly(remove)),
	"store.rotate":  of(communityOnly(rotate)),
	"store.compare": of(communityOnly(compare)),
	"flash.add":     of(addFlash),
	"flash.read":    of(readFlashes),
	"codec.encode":  of(encodeValue),
	"codec.decode":  of(decodeValue),
	"gob.encode":    of(encodeGob),
	"gob.decode":    of(decodeGob),
	"gob.compare":   of(compareGob),
	"random":        of(randomSessions),
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// serve responds to every line until the end of the input.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	responses := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := responses.Encode(respond(line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func respond(line []byte) response {
	var req request
	if err := strictUnmarshal(line, &req); err != nil {
		return response{ID: req.ID, Error: describe(requestError{err})}
	}
	result, err := call(req)
	return response{ID: req.ID, Result: result, Error: describe(err)}
}

// call runs a method. It recovers from panics, because the gob decoder panics
// on some input, such as a slice as a map key.
func call(req request) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			result, err = nil, panicError{cause}
		}
	}()
	run, ok := methods[req.Method]
	if !ok {
		return nil, requestError{fmt.Errorf("unknown method %q", req.Method)}
	}
	return run(req.Params)
}

// of turns a function with typed parameters into a method.
func of[Params any](run func(Params) (any, error)) method {
	return func(text json.RawMessage) (any, error) {
		var params Params
		if err := strictUnmarshal(text, &params); err != nil {
			return nil, requestError{fmt.Errorf("params: %w", err)}
		}
		return run(params)
	}
}

// strictUnmarshal refuses unknown members, so that a misspelt parameter is not
// ignored.
func strictUnmarshal(text []byte, target any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(target)
}

// requestError is a mistake in the request itself.
type requestError struct{ error }

// gobError is an error of encoding/gob from one of the gob methods.
type gobError struct {
	error
	kind string
}

type panicError struct{ cause any }

func (e panicError) Error() string { return fmt.Sprint(e.cause) }

func describe(err error) *responseError {
	if err == nil {
		return nil
	}
	return &responseError{Message: err.Error(), Kind: kindOf(err)}
}

func kindOf(err error) string {
	var (
		badRequest requestError
		badGob     gobError
		panicked   panicError
		cookie     securecookie.Error
	)
	switch {
	case errors.As(err, &badRequest):
		return "request"
	case errors.As(err, &panicked):
		return "panic"
	case errors.As(err, &badGob):
		return badGob.kind
	case !errors.As(err, &cookie):
		return "other"
	case cookie.IsUsage():
		return "usage"
	case cookie.IsDecode():
		return "decode"
	case cookie.IsInternal():
		return "internal"
	default:
		return "other"
	}
}
