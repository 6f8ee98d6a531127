/**
 * The pages of the demo.
 *
 * @module
 */

import { inspect } from 'node:util'
import type { Options, Session } from 'silverback'
import { csrfKey } from 'silverback/csrf'
import { type Content, type Html, html } from './html.ts'
import type { Login, Theme } from './stores.ts'
import type { FormToken } from './tokens.ts'

/** What the home page shows. */
export interface Home {
  readonly login: Session<Login>
  readonly theme: Session<Theme>
  /** Messages to show this once. */
  readonly flashes: readonly string[]
  /** The tokens of forms. */
  readonly tokenOf: FormToken
  /** The cookies as the browser sent them. */
  readonly cookies: { readonly login: string | undefined; readonly theme: string | undefined }
  /** How many key pairs the stores have. */
  readonly keyPairs: number
}

/** The page at `/`. */
export function homePage(home: Home): string {
  const { login, theme, flashes, tokenOf } = home
  const { user, cart = 0 } = login.values
  const shownTheme = theme.values.theme ?? 'light'
  const body = html`
    <header>
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="36" height="36">Silverback</a>
      ${themeForm(shownTheme, tokenOf)}
    </header>
    <main>
      <div role="status"><ul id="flashes">${flashes.map(text => html`<li class="flash">${text}</li>`)}</ul></div>
      <section class="hero">
        <h1>Hello, <span id="user">${user ?? 'guest'}</span></h1>
        <p>A small shop that remembers you. Below the counter you see what your sessions hold,
          and what your browser knows of it.</p>
      </section>
      <div class="cards">
        ${cartCard(cart, tokenOf)}
        ${user === undefined ? signInCard() : visitCard(login.values, home)}
      </div>
      <h2>Your sessions, from the inside</h2>
      <div class="cards">
        ${loginPanel(home)}
        ${themePanel(home)}
      </div>
    </main>
    <footer>
      Both sessions are kept the way Go’s gorilla/sessions keeps them. A Go program with the same
      keys and folder serves the same visitors.
    </footer>`
  return page('Silverback demo', body, shownTheme)
}

const errors: Record<number, [title: string, text: string]> = {
  403: [
    'Not from here',
    'The form is of another site, or older than your sign-in. Please try again.',
  ],
  404: ['Nothing here', 'There is no page at this address.'],
  405: ['Not this way', 'This address does not answer requests of that kind.'],
  413: ['Too much', 'The form is larger than 64 KiB.'],
  500: ['That did not work', 'Your session could not be read or saved. Please try again.'],
}

/** The page for an HTTP error, which tells no details. */
export function errorPage(status: number): string {
  const [title, text] = errors[status] ?? ['Error', '']
  const body = html`
    <main class="error">
      <p class="status">${status}</p>
      <h1>${title}</h1>
      <p>${text}</p>
      <a class="button" href="/">Back to the shop</a>
    </main>`
  return page(title, body)
}

/** Without a theme the page looks as the system does. */
function page(title: string, body: Html, theme = 'system'): string {
  return html`<!doctype html>
<html lang="en" data-theme="${theme}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>${body}</body>
</html>
`.text
}

/** The token of the form that is sent to this path. */
function tokenField(path: string, tokenOf: FormToken): Html | undefined {
  const token = tokenOf(path)
  if (token === undefined) return undefined
  return html`<input type="hidden" name="${csrfKey}" value="${token}">`
}

function themeForm(theme: string, tokenOf: FormToken): Html {
  const other = theme === 'dark' ? 'light' : 'dark'
  return html`
    <form class="theme" method="post" action="/theme">${tokenField('/theme', tokenOf)}
      <span>Theme: <span id="theme">${theme}</span></span>
      <button id="choose" class="quiet" name="theme" value="${other}">Switch to ${other}</button>
    </form>`
}

function cartCard(cart: number, tokenOf: FormToken): Html {
  return html`
    <section class="card">
      <h2>Bananas</h2>
      <p>Ripe, from the hillside. They stay in your cart between requests, signed in or not.</p>
      <p class="count"><span id="cart">${cart}</span> <span>in your cart</span></p>
      <form method="post" action="/cart">${tokenField('/cart', tokenOf)}<button id="add">Add to cart</button></form>
      <code>login.values.cart += 1</code>
    </section>`
}

function signInCard(): Html {
  return html`
    <section class="card">
      <h2>Sign in</h2>
      <form method="post" action="/sign-in">
        <label for="name">Your name</label>
        <input id="name" name="name" maxlength="40" autocomplete="given-name" required>
        <label class="check"><input type="checkbox" name="remember"> Remember me for 30 days</label>
        <button id="sign-in">Sign in</button>
      </form>
      <code>login.rotate(), login.remember(remember)</code>
    </section>`
}

function visitCard(values: Login, { keyPairs, tokenOf }: Home): Html {
  return html`
    <section class="card">
      <h2>Your visit</h2>
      <p>${values.remember ? 'You are remembered for 30 days.' : 'You are signed in until you close the browser.'}</p>
      <p class="count"><span id="key-pairs">${keyPairs}</span>
        <span>key ${keyPairs === 1 ? 'pair' : 'pairs'}: the newest writes, all read</span></p>
      <div class="row">
        <form method="post" action="/rotate-keys">${tokenField('/rotate-keys', tokenOf)}
          <button id="rotate" class="quiet">Rotate keys</button>
        </form>
        <form method="post" action="/sign-out">${tokenField('/sign-out', tokenOf)}
          <button id="sign-out" class="quiet">Sign out</button>
        </form>
      </div>
      <code>login.destroy() // sign out</code>
    </section>`
}

function loginPanel({ login, cookies }: Home): Html {
  return panel(login, 'A file on the server. The cookie carries its id.', [
    row('Id', login.id === undefined ? 'none yet' : html`<code id="id">${masked(login.id)}</code>`),
    row('Values', valueList(login.values)),
    ...cookieRows(login, cookies.login),
  ])
}

function themePanel({ theme, cookies }: Home): Html {
  const text = cookies.theme
  return panel(
    theme,
    'Nothing on the server. The values travel in the cookie, signed and encrypted.',
    [
      row('Values', valueList(theme.values)),
      row(
        'Cookie text',
        text ? html`<code id="sealed">${text.slice(0, 40)}…</code>` : 'nothing yet',
      ),
      ...cookieRows(theme, text),
    ],
  )
}

function panel(session: Session<object>, about: string, rows: Html[]): Html {
  const state = session.reason
    ? html`new: <code id="${session.name}-reason">${session.reason}</code>`
    : 'read from your cookie'
  return html`
    <section class="card panel" id="${session.name}-panel">
      <h3>${session.name}</h3>
      <p>${about}</p>
      <dl>${row('Session', state)}${rows}</dl>
    </section>`
}

function cookieRows(session: Session<object>, text: string | undefined): Html[] {
  const size =
    text === undefined ? 'no cookie' : `${session.name.length + 1 + text.length} of 4096 bytes`
  const chips = attributes(session.options).map(each => html`<li>${each}</li>`)
  return [row('Cookie size', size), row('Attributes', html`<ul class="chips">${chips}</ul>`)]
}

function row(term: string, description: Content): Html {
  return html`<div><dt>${term}</dt><dd>${description}</dd></div>`
}

/** All but the secret of the tokens, which only they show, and masked. */
function valueList(values: object): Content {
  const entries = Object.entries(values).filter(([key]) => key !== csrfKey)
  if (entries.length === 0) return 'empty'
  return html`<code>${entries.map(([key, value]) => html`<span>${key}: ${inspect(value)}</span>`)}</code>`
}

function attributes({ path, maxAge, httpOnly, sameSite, secure }: Options): string[] {
  return [
    `Path=${path}`,
    httpOnly ? 'HttpOnly' : 'open to scripts',
    `SameSite=${sameSite}`,
    secure ? 'Secure' : 'not Secure (a local demo)',
    maxAge === 'session' ? 'until the browser closes' : `Max-Age=${maxAge} seconds`,
  ]
}

/** Whoever sees the whole id and a key could make the cookie. */
function masked(id: string): string {
  return `${id.slice(0, 6)}…`
}
