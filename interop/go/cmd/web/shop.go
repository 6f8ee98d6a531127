package main

import (
	"html/template"
	"log"
	"net/http"
	"time"

	"github.com/gorilla/sessions"
)

const (
	month = 30 * 24 * time.Hour
	hour  = time.Hour
)

// shop keeps the visitor's name and cart in session files, and the theme in a
// cookie session.
type shop struct {
	logins *sessions.FilesystemStore
	themes *sessions.CookieStore
}

func newShop(dir string, keyPairs [][]byte) *shop {
	s := &shop{
		logins: sessions.NewFilesystemStore(dir, keyPairs...),
		themes: sessions.NewCookieStore(keyPairs...),
	}
	s.logins.Options = cookieOptions()
	s.themes.Options = cookieOptions()
	return s
}

// cookieOptions omits Secure, so that browsers accept the cookies over plain
// HTTP.
func cookieOptions() *sessions.Options {
	return &sessions.Options{
		Path:     "/",
		MaxAge:   seconds(month),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.show)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /cart", s.addToCart)
	mux.HandleFunc("POST /theme", s.chooseTheme)
	mux.HandleFunc("POST /sign-out", s.signOut)
	return mux
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Shop</title>
<p>User: <span id="user">{{.User}}</span>
<p>Cart: <span id="cart">{{.Cart}}</span>
<p>Theme: <span id="theme">{{.Theme}}</span>
<ul id="flashes">{{range .Flashes}}<li>{{.}}</li>{{end}}</ul>
<form method="post" action="/sign-in">
<input name="name" aria-label="Name" required>
<label><input type="checkbox" name="remember"> Remember me</label>
<button id="sign-in">Sign in</button>
</form>
<form method="post" action="/cart"><button id="add">Add to cart</button></form>
<form method="post" action="/theme">
<select name="theme" aria-label="Theme"><option>light<option>dark</select>
<button id="choose">Choose theme</button>
</form>
<form method="post" action="/sign-out"><button id="sign-out">Sign out</button></form>
</html>
`))

type view struct {
	User    string
	Cart    int
	Theme   string
	Flashes []any
}

func (s *shop) show(w http.ResponseWriter, r *http.Request) {
	login, theme := open(s.logins, r, "login"), open(s.themes, r, "theme")
	v := view{Theme: "light", Flashes: login.Flashes()}
	if user, ok := login.Values["user"].(string); ok {
		v.User = user
	}
	if cart, ok := login.Values["cart"].(int); ok {
		v.Cart = cart
	}
	if name, ok := theme.Values["theme"].(string); ok {
		v.Theme = name
	}
	// Flashes has removed the messages; save that before writing the body.
	if len(v.Flashes) > 0 && !save(w, r, login) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := page.Execute(w, v); err != nil {
		log.Print(err)
	}
}

func (s *shop) signIn(w http.ResponseWriter, r *http.Request) {
	login := open(s.logins, r, "login")
	// A new id prevents session fixation.
	login.ID = ""
	login.Values["user"] = r.FormValue("name")
	login.Values["remember"] = r.FormValue("remember") != ""
	limitAge(login)
	login.AddFlash("Welcome, " + r.FormValue("name"))
	finish(w, r, login)
}

func (s *shop) addToCart(w http.ResponseWriter, r *http.Request) {
	login := open(s.logins, r, "login")
	cart, _ := login.Values["cart"].(int)
	login.Values["cart"] = cart + 1
	login.AddFlash("Added to cart")
	finish(w, r, login)
}

func (s *shop) chooseTheme(w http.ResponseWriter, r *http.Request) {
	theme := open(s.themes, r, "theme")
	theme.Values["theme"] = r.FormValue("theme")
	finish(w, r, theme)
}

func (s *shop) signOut(w http.ResponseWriter, r *http.Request) {
	login := open(s.logins, r, "login")
	login.Options.MaxAge = -1
	finish(w, r, login)
}

// open gets a session, or an empty one with a new id when the visitor's cannot
// be read.
func open(store sessions.Store, r *http.Request, name string) *sessions.Session {
	session, err := store.Get(r, name)
	if err != nil {
		log.Printf("session %s: %v", name, err)
		session.ID = ""
		session.Values = map[any]any{}
	}
	limitAge(session)
	return session
}

// limitAge shortens the login of a visitor who does not want to be remembered.
// The options are not stored in the session, so every request sets them again.
func limitAge(session *sessions.Session) {
	if remember, ok := session.Values["remember"].(bool); ok {
		session.Options.MaxAge = seconds(hour)
		if remember {
			session.Options.MaxAge = seconds(month)
		}
	}
}

func finish(w http.ResponseWriter, r *http.Request, session *sessions.Session) {
	if save(w, r, session) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// save reports whether the session was saved. If not, it has written an error
// response.
func save(w http.ResponseWriter, r *http.Request, session *sessions.Session) bool {
	if err := session.Save(r, w); err != nil {
		log.Print(err)
		http.Error(w, "The session could not be saved.", http.StatusInternalServerError)
		return false
	}
	return true
}

func seconds(d time.Duration) int { return int(d / time.Second) }
