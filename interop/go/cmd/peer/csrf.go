//go:build stores

package main

import (
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/csrf"
)

type csrfParams struct {
	AuthKey hexBytes `json:"authKey"`
	Cookie  string   `json:"cookie"`
	Token   string   `json:"token"`
}

type csrfResult struct {
	Token     string `json:"token"`
	SetCookie string `json:"setCookie"`
	Status    int    `json:"status"`
}

func init() {
	methods["csrf.issue"] = of(issueToken)
	methods["csrf.verify"] = of(verifyToken)
}

// issueToken renders a form.
func issueToken(p csrfParams) (any, error) {
	return p.serve(httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
}

// verifyToken submits a form by script.
func verifyToken(p csrfParams) (any, error) {
	r := httptest.NewRequest(http.MethodPost, "https://example.com/", nil)
	r.Header.Set("Origin", "https://example.com")
	r.Header.Set("X-CSRF-Token", p.Token)
	return p.serve(r)
}

func (p csrfParams) serve(r *http.Request) (any, error) {
	if p.Cookie != "" {
		r.Header.Set("Cookie", p.Cookie)
	}
	result := csrfResult{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result.Token = csrf.Token(r)
	})
	w := httptest.NewRecorder()
	csrf.Protect(p.AuthKey, csrf.Path("/"))(handler).ServeHTTP(w, r)
	result.Status = w.Code
	result.SetCookie = w.Header().Get("Set-Cookie")
	return result, nil
}
