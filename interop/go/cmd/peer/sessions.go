package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/gorilla/sessions"
	"silverback/interop/internal/tree"
)

// sessionParams identifies a session and its store: files in the folder Dir, a
// community store, or a cookie if there is neither.
type sessionParams struct {
	settings
	KeyPairs []hexBytes `json:"keyPairs"`
	Dir      string     `json:"dir"`
	Name     string     `json:"name"`

	Community *communityStore `json:"store"`

	// Cookie is the value of the session's cookie, and Header a whole Cookie
	// header. Without either the session is new.
	Cookie *string `json:"cookie"`
	Header *string `json:"header"`

	Options options `json:"options"`
}

// options changes the cookie attributes of one session.
type options struct {
	Path        *string `json:"path"`
	Domain      *string `json:"domain"`
	MaxAge      *int    `json:"maxAge"`
	Secure      *bool   `json:"secure"`
	HTTPOnly    *bool   `json:"httpOnly"`
	Partitioned *bool   `json:"partitioned"`
	SameSite    string  `json:"sameSite"`
}

type saveParams struct {
	sessionParams
	ID     string    `json:"id"`
	Values tree.Tree `json:"values"`
}

type updateParams struct {
	sessionParams
	Set    *tree.Tree  `json:"set"`
	Delete []tree.Tree `json:"delete"`
}

type flashParams struct {
	sessionParams
	Key     *string    `json:"key"`
	Message *tree.Tree `json:"message"`
}

type loadResult struct {
	Values tree.Tree `json:"values"`
	ID     string    `json:"id"`
	IsNew  bool      `json:"isNew"`
}

type saveResult struct {
	SetCookie string `json:"setCookie"`
	Value     string `json:"value"`
	ID        string `json:"id,omitempty"`

	// File is the path of the session's file, absent if there is no file.
	File string `json:"file,omitempty"`
}

type flashResult struct {
	saveResult
	Flashes []tree.Tree `json:"flashes"`
}

func load(p sessionParams) (any, error) {
	session, _, loadErr := p.open()
	if session == nil {
		return nil, loadErr
	}
	values, err := tree.Of(session.Values)
	if err != nil {
		return nil, err
	}
	return loadResult{Values: values, ID: session.ID, IsNew: session.IsNew}, loadErr
}

func save(p saveParams) (any, error) {
	values, err := buildValues(p.Values)
	if err != nil {
		return nil, err
	}
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	if p.ID != "" {
		session.ID = p.ID
	}
	session.Values = values
	return p.store(session, r)
}

func update(p updateParams) (any, error) {
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	if p.Set != nil {
		values, err := buildValues(*p.Set)
		if err != nil {
			return nil, err
		}
		for key, value := range values {
			session.Values[key] = value
		}
	}
	for _, t := range p.Delete {
		key, err := tree.Build(t)
		if err != nil {
			return nil, requestError{err}
		}
		delete(session.Values, key)
	}
	return p.store(session, r)
}

func remove(p sessionParams) (any, error) {
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	if err := p.end(session, r, w); err != nil {
		return nil, err
	}
	return p.saved(session, w)
}

func addFlash(p flashParams) (any, error) {
	if p.Message == nil {
		return nil, requestError{errors.New("message is missing")}
	}
	message, err := tree.Build(*p.Message)
	if err != nil {
		return nil, requestError{err}
	}
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	session.AddFlash(message, p.keys()...)
	return p.store(session, r)
}

func readFlashes(p flashParams) (any, error) {
	session, r, err := p.open()
	if err != nil {
		return nil, err
	}
	flashes := []tree.Tree{}
	for _, message := range session.Flashes(p.keys()...) {
		t, err := tree.Of(message)
		if err != nil {
			return nil, err
		}
		flashes = append(flashes, t)
	}
	saved, err := p.store(session, r)
	return flashResult{saved, flashes}, err
}

func (p flashParams) keys() []string {
	if p.Key == nil {
		return nil
	}
	return []string{*p.Key}
}

// cookieOnly and filesOnly make a method require the store in its name.
func cookieOnly[P interface{ inFolder() bool }](run func(P) (any, error)) func(P) (any, error) {
	return func(p P) (any, error) {
		if p.inFolder() {
			return nil, requestError{errors.New("dir is for the fs methods")}
		}
		if c, ok := any(p).(interface{ isCommunity() bool }); ok && c.isCommunity() {
			return nil, requestError{errors.New("store is for the store methods")}
		}
		return run(p)
	}
}

func filesOnly[P interface{ inFolder() bool }](run func(P) (any, error)) func(P) (any, error) {
	return func(p P) (any, error) {
		if !p.inFolder() {
			return nil, requestError{errors.New("dir is missing")}
		}
		return run(p)
	}
}

func (p sessionParams) inFolder() bool { return p.Dir != "" }

// open loads the session of a request with the given cookie. Like the library
// it may return both a session and an error.
func (p sessionParams) open() (*sessions.Session, *http.Request, error) {
	store, err := p.newStore()
	if err != nil {
		return nil, nil, err
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if p.Cookie != nil {
		r.Header.Set("Cookie", p.Name+"="+*p.Cookie)
	}
	if p.Header != nil {
		r.Header.Set("Cookie", *p.Header)
	}
	session, err := store.Get(r, p.Name)
	if session == nil {
		return nil, nil, err
	}
	if optionsErr := p.Options.apply(session.Options); optionsErr != nil {
		return nil, nil, optionsErr
	}
	return session, r, err
}

func (p sessionParams) newStore() (sessions.Store, error) {
	if p.isCommunity() {
		return p.openCommunityStore()
	}
	pairs := keys(p.KeyPairs)
	if p.inFolder() {
		store := sessions.NewFilesystemStore(p.Dir, pairs...)
		if p.MaxAge != nil {
			store.MaxAge(*p.MaxAge)
		}
		return store, p.applyAll(store.Codecs)
	}
	store := sessions.NewCookieStore(pairs...)
	if p.MaxAge != nil {
		store.MaxAge(*p.MaxAge)
	}
	return store, p.applyAll(store.Codecs)
}

// store saves the session and returns the cookie of the response.
func (p sessionParams) store(session *sessions.Session, r *http.Request) (saveResult, error) {
	w := httptest.NewRecorder()
	if err := session.Save(r, w); err != nil {
		return saveResult{}, err
	}
	return p.saved(session, w)
}

// saved describes a session that was saved or deleted.
func (p sessionParams) saved(session *sessions.Session, w *httptest.ResponseRecorder) (saveResult, error) {
	line := w.Header().Get("Set-Cookie")
	if line == "" && p.isCommunity() {
		// dynastore sets no cookie if there is one already.
		return saveResult{ID: session.ID}, nil
	}
	cookie, err := http.ParseSetCookie(line)
	if err != nil {
		return saveResult{}, fmt.Errorf("net/http refused the cookie: %w", err)
	}
	saved := saveResult{SetCookie: line, Value: cookie.Value, ID: session.ID}
	if p.inFolder() {
		file := filepath.Join(p.Dir, "session_"+filepath.Base(session.ID))
		if _, err := os.Stat(file); err == nil {
			saved.File = file
		}
	}
	return saved, nil
}

var sameSites = map[string]http.SameSite{
	"default": http.SameSiteDefaultMode,
	"lax":     http.SameSiteLaxMode,
	"strict":  http.SameSiteStrictMode,
	"none":    http.SameSiteNoneMode,
}

func (o options) apply(to *sessions.Options) error {
	setIf(&to.Path, o.Path)
	setIf(&to.Domain, o.Domain)
	setIf(&to.MaxAge, o.MaxAge)
	setIf(&to.Secure, o.Secure)
	setIf(&to.HttpOnly, o.HTTPOnly)
	setIf(&to.Partitioned, o.Partitioned)
	if o.SameSite == "" {
		return nil
	}
	mode, ok := sameSites[o.SameSite]
	if !ok {
		return requestError{fmt.Errorf("unknown sameSite %q", o.SameSite)}
	}
	to.SameSite = mode
	return nil
}

func setIf[T any](target, value *T) {
	if value != nil {
		*target = *value
	}
}

func keys(pairs []hexBytes) [][]byte {
	out := make([][]byte, len(pairs))
	for i, key := range pairs {
		out[i] = key
	}
	return out
}

// buildValues builds session values from a tree.
func buildValues(t tree.Tree) (map[any]any, error) {
	built, err := tree.Build(t)
	if err != nil {
		return nil, requestError{err}
	}
	values, ok := built.(map[any]any)
	if !ok {
		return nil, requestError{fmt.Errorf("want a map[interface {}]interface {}, got a %q", t.Go)}
	}
	return values, nil
}
