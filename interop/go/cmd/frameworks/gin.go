//go:build stores

package main

import (
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/redis"
	"github.com/gin-gonic/gin"
)

func newGin(s settings) (http.Handler, error) {
	store, err := ginStore(s)
	if err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	app := gin.New()
	app.Use(sessions.Sessions("mysession", store))
	app.GET("/", func(c *gin.Context) {
		c.Header("Content-Type", "text/html; charset=utf-8")
		login := sessions.Default(c)
		if err := show(c.Writer, login.Get("user"), login.Get("cart")); err != nil {
			_ = c.Error(err)
		}
	})
	app.POST("/sign-in", change(func(c *gin.Context, login sessions.Session) {
		login.Set("user", c.PostForm("user"))
	}))
	app.POST("/add", change(func(_ *gin.Context, login sessions.Session) {
		login.Set("cart", cartOf(login.Get("cart"))+1)
	}))
	app.POST("/sign-out", change(func(_ *gin.Context, login sessions.Session) {
		login.Clear()
		login.Options(sessions.Options{Path: "/", MaxAge: -1})
	}))
	return app, nil
}

func ginStore(s settings) (sessions.Store, error) {
	if s.redis == "" {
		return cookie.NewStore(s.key), nil
	}
	return redis.NewStore(4, "tcp", s.redis, "", "", s.key)
}

// change returns a handler that changes the session, saves it and redirects to
// the page.
func change(edit func(*gin.Context, sessions.Session)) gin.HandlerFunc {
	return func(c *gin.Context) {
		login := sessions.Default(c)
		edit(c, login)
		if err := login.Save(); err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.Redirect(http.StatusSeeOther, "/")
	}
}
