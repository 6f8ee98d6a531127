//go:build stores

package main

import (
	"html/template"
	"io"
)

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Cart</title>
<h1>{{.User}}</h1>
<p id="cart">{{.Cart}}</p>
<form method="post" action="/sign-in"><input name="user" aria-label="User"><button>Sign in</button></form>
<form method="post" action="/add"><button>Add</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>
</html>
`))

type view struct {
	User string
	Cart int
}

// show writes the page of a session with these values.
func show(w io.Writer, user, cart any) error {
	name := "Guest"
	if user != nil {
		name = user.(string)
	}
	return page.Execute(w, view{name, cartOf(cart)})
}

// cartOf panics if the cart is no int, so that a change of its type is noticed.
func cartOf(cart any) int {
	if cart == nil {
		return 0
	}
	return cart.(int)
}
