package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var testKeys = [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("0123456789abcdef")}

// browser visits the shop and keeps its cookies.
type browser struct {
	*testing.T
	client *http.Client
	base   string
}

func visit(t *testing.T, dir string) browser {
	t.Helper()
	server := httptest.NewServer(newShop(dir, testKeys).routes())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{Jar: jar}, server.URL}
}

// post submits a form and returns the page that it redirects to.
func (b browser) post(path string, form url.Values) string {
	b.Helper()
	res, err := b.client.PostForm(b.base+path, form)
	return b.body(res, err)
}

func (b browser) get() string {
	b.Helper()
	res, err := b.client.Get(b.base + "/")
	return b.body(res, err)
}

func (b browser) body(res *http.Response, err error) string {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("status %d (%v): %s", res.StatusCode, err, text)
	}
	return string(text)
}

func (b browser) wants(page string, parts ...string) {
	b.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			b.Errorf("%s is missing in\n%s", part, page)
		}
	}
}

func TestVisit(t *testing.T) {
	dir := t.TempDir()
	b := visit(t, dir)
	b.wants(b.get(), `id="user"></span>`, `id="cart">0<`, `id="theme">light<`, `id="flashes"></ul>`)
	b.wants(b.post("/cart", nil), `id="cart">1<`, `<li>Added to cart</li>`)
	b.wants(b.post("/sign-in", url.Values{"name": {"<Ann>"}}), `id="user">&lt;Ann&gt;<`, `id="cart">1<`, `<li>Welcome, &lt;Ann&gt;</li></ul>`)
	b.wants(b.get(), `id="flashes"></ul>`)
	b.wants(b.post("/theme", url.Values{"theme": {"dark"}}), `id="theme">dark<`, `id="user">&lt;Ann&gt;<`)
	b.wants(b.post("/sign-out", nil), `id="user"></span>`, `id="cart">0<`, `id="theme">dark<`)
}

func TestSignInTakesANewID(t *testing.T) {
	dir := t.TempDir()
	b := visit(t, dir)
	b.post("/cart", nil)
	before := files(t, dir)
	b.post("/sign-in", url.Values{"name": {"Ann"}})
	if after := files(t, dir); len(before) != 1 || len(after) != 2 {
		t.Errorf("files before %v, after %v", before, after)
	}
}

func TestLifetimeOfALogin(t *testing.T) {
	routes := newShop(t.TempDir(), testKeys).routes()
	for form, want := range map[string]time.Duration{"name=Ann": time.Hour, "name=Ann&remember=on": 30 * 24 * time.Hour} {
		signedIn := submit(routes, "/sign-in", form, nil)
		later := submit(routes, "/cart", "", signedIn)
		for _, cookie := range []*http.Cookie{signedIn, later} {
			if cookie.MaxAge != int(want.Seconds()) || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure || !cookie.HttpOnly {
				t.Errorf("%s: %v", form, cookie)
			}
		}
	}
}

func TestLostFileIsANewVisitor(t *testing.T) {
	dir := t.TempDir()
	b := visit(t, dir)
	b.post("/cart", nil)
	lost := files(t, dir)[0]
	if err := os.WriteFile(lost, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.wants(b.get(), `id="cart">0<`)
	b.wants(b.post("/cart", nil), `id="cart">1<`)
	if text, err := os.ReadFile(lost); err != nil || string(text) != "broken" {
		t.Errorf("the id of the broken file was reused: %q %v", text, err)
	}
}

func TestParseKeys(t *testing.T) {
	keys, err := parseKeys("6161,,6262,6363")
	if err != nil || len(keys) != 4 || string(keys[0]) != "aa" || keys[1] != nil || string(keys[3]) != "cc" {
		t.Errorf("%q %v", keys, err)
	}
	for _, list := range []string{"", "61,zz"} {
		if _, err := parseKeys(list); err == nil || strings.Contains(err.Error(), "zz") {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// submit posts a form with a cookie and returns the response's cookie.
func submit(handler http.Handler, path, form string, cookie *http.Cookie) *http.Cookie {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result().Cookies()[0]
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "session_*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
