//go:build stores

package main

import (
	"net/http"

	"github.com/boj/redistore"
	"github.com/gorilla/sessions"
	"github.com/labstack/echo-contrib/session"
	"github.com/labstack/echo/v4"
)

func newEcho(s settings) (http.Handler, error) {
	store, err := echoStore(s)
	if err != nil {
		return nil, err
	}
	app := echo.New()
	app.Use(session.Middleware(store))
	app.GET("/", func(c echo.Context) error {
		login, err := session.Get("session", c)
		if err != nil {
			return err
		}
		c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		return show(c.Response(), login.Values["user"], login.Values["cart"])
	})
	app.POST("/sign-in", update(func(c echo.Context, login *sessions.Session) {
		login.Values["user"] = c.FormValue("user")
	}))
	app.POST("/add", update(func(_ echo.Context, login *sessions.Session) {
		login.Values["cart"] = cartOf(login.Values["cart"]) + 1
	}))
	app.POST("/sign-out", update(func(_ echo.Context, login *sessions.Session) {
		login.Options.MaxAge = -1
	}))
	return app, nil
}

func echoStore(s settings) (sessions.Store, error) {
	if s.redis == "" {
		return sessions.NewCookieStore(s.key), nil
	}
	return redistore.NewRediStore(4, "tcp", s.redis, "", "", s.key)
}

// update returns a handler that changes the session, saves it and redirects to
// the page.
func update(edit func(echo.Context, *sessions.Session)) echo.HandlerFunc {
	return func(c echo.Context) error {
		login, err := session.Get("session", c)
		if err != nil {
			return err
		}
		edit(c, login)
		if err := login.Save(c.Request(), c.Response()); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/")
	}
}
