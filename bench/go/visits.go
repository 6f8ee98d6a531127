package main

import (
	"encoding/gob"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/gorilla/sessions"
)

// The name and the keys are the same as in bench/libraries/silverback.ts.
const name = "session"

var store = sessions.NewCookieStore(
	[]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
	[]byte("fedcba9876543210fedcba9876543210"),
)

func init() {
	gob.Register(map[string]any{})
	gob.Register(time.Time{})
}

type outcome struct {
	values    map[any]any
	setCookie []string
}

// A runner measures one way of handling requests. The strings are its
// description in bench/protocol.ts.
type runner struct {
	Name  string `json:"name"`
	Does  string `json:"does"`
	Lacks string `json:"lacks"`
	// Each handles one request that has this Cookie header.
	read, save func(cookie string) (outcome, error)
}

var runners = map[string]runner{
	"gorilla": {
		Name:  "Go, gorilla/sessions v1.4.0",
		Does:  "the same as Silverback's gorilla store, for the same cookies",
		Lacks: "nothing",
		read:  read,
		save:  save,
	},
	"objects": {
		Name:  "Go: request and response",
		Does:  "creates the request and the response and sets a header",
		Lacks: "a session",
		read:  requestAlone,
		save:  requestAndResponse,
	},
}

func read(cookie string) (outcome, error) {
	session, err := store.Get(newRequest(cookie), name)
	if err != nil {
		return outcome{}, err
	}
	return outcome{values: session.Values}, nil
}

func save(cookie string) (outcome, error) {
	r, w := newRequest(cookie), httptest.NewRecorder()
	session, err := store.Get(r, name)
	if err != nil {
		return outcome{}, err
	}
	count, ok := session.Values["visits"].(int)
	if !ok {
		return outcome{}, errors.New("the session has no int called visits")
	}
	session.Values["visits"] = count + 1
	err = session.Save(r, w)
	return outcome{session.Values, w.Header()["Set-Cookie"]}, err
}

func requestAlone(cookie string) (outcome, error) {
	if newRequest(cookie).Header.Get("Cookie") == "" {
		return outcome{}, errors.New("the request has no cookie")
	}
	return outcome{}, nil
}

func requestAndResponse(cookie string) (outcome, error) {
	newRequest(cookie)
	w := httptest.NewRecorder()
	w.Header().Add("Set-Cookie", "session=; Path=/")
	return outcome{setCookie: w.Header()["Set-Cookie"]}, nil
}

func newRequest(cookie string) *http.Request {
	return &http.Request{
		Method: http.MethodGet,
		URL:    &url.URL{Path: "/"},
		Header: http.Header{"Cookie": {cookie}},
	}
}
