package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"silverback/interop/internal/tree"
)

// communityStore names a store of another module than gorilla/sessions and its
// server. The program has them only if it was built with the tag "stores".
type communityStore struct {
	Kind string `json:"kind"`

	// Server is an address, a URL or a data source name, and Table a table, a
	// collection or a prefix of keys.
	Server string `json:"server"`
	Table  string `json:"table"`

	// Format is how a store encodes values that has a choice, such as "json".
	Format string `json:"format"`
}

// opener opens a community store with a Max-Age of 30 days.
type opener func(s communityStore, keyPairs [][]byte) (sessions.Store, error)

var (
	openers = map[string]opener{}

	// opened has the stores by their settings, so that connections are shared.
	opened = map[string]sessions.Store{}
)

// deleter is a store that deletes sessions with a method of its own only.
type deleter interface {
	Delete(*http.Request, http.ResponseWriter, *sessions.Session) error
}

// hasOwnDelete lists the stores whose Save does not delete.
var hasOwnDelete = map[string]bool{"mysqlstore": true, "sqlitestore": true}

func (p sessionParams) openCommunityStore() (sessions.Store, error) {
	key, err := json.Marshal([]any{p.Community, p.KeyPairs, p.settings})
	if err != nil {
		return nil, err
	}
	if store, ok := opened[string(key)]; ok {
		return store, nil
	}
	open, ok := openers[p.Community.Kind]
	if !ok {
		return nil, requestError{fmt.Errorf("unknown store %q; build with -tags stores", p.Community.Kind)}
	}
	store, err := open(*p.Community, keys(p.KeyPairs))
	if err != nil {
		return nil, err
	}
	codecs := reflect.Indirect(reflect.ValueOf(store)).FieldByName("Codecs")
	if codecs.IsValid() {
		if err := p.applyAll(codecs.Interface().([]securecookie.Codec)); err != nil {
			return nil, err
		}
	}
	if limited, ok := store.(interface{ SetMaxLength(int) }); ok && p.MaxLength != nil {
		limited.SetMaxLength(*p.MaxLength)
	}
	opened[string(key)] = store
	return store, nil
}

// end deletes what is stored of a session.
func (p sessionParams) end(session *sessions.Session, r *http.Request, w http.ResponseWriter) error {
	if p.Community != nil && hasOwnDelete[p.Community.Kind] {
		return session.Store().(deleter).Delete(r, w, session)
	}
	session.Options.MaxAge = -1
	return session.Save(r, w)
}

// rotate gives a session a new id: it deletes the session and saves its values
// as a new one.
func rotate(p sessionParams) (any, error) {
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	values := map[any]any{}
	for key, value := range session.Values {
		values[key] = value
	}
	if err := p.end(session, r, httptest.NewRecorder()); err != nil {
		return nil, err
	}
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	next, err := session.Store().New(r, p.Name)
	if err != nil {
		return nil, err
	}
	next.Values = values
	return p.store(next, r)
}

type compareParams struct {
	sessionParams
	Values tree.Tree `json:"values"`

	// Ignore lists entries that the store adds when it loads a session.
	Ignore []string `json:"ignore"`
}

// compare compares the values of a session with a tree, as compareGob does.
func compare(p compareParams) (any, error) {
	expected, err := buildValues(p.Values)
	if err != nil {
		return nil, err
	}
	want, err := tree.Of(expected)
	if err != nil {
		return nil, err
	}
	session, _, err := p.open()
	if err != nil {
		return nil, err
	}
	for _, key := range p.Ignore {
		delete(session.Values, key)
	}
	got, err := tree.Of(session.Values)
	if err != nil {
		return nil, err
	}
	diff, err := tree.Diff(want, got)
	return gobCompareResult{Equal: diff == "", Diff: diff}, err
}

// communityOnly makes a method require a community store.
func communityOnly[P interface{ isCommunity() bool }](run func(P) (any, error)) func(P) (any, error) {
	return func(p P) (any, error) {
		if !p.isCommunity() {
			return nil, requestError{errors.New("store is missing")}
		}
		return run(p)
	}
}

func (p sessionParams) isCommunity() bool { return p.Community != nil }
