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

/** The content of the home page. */
export interface Home {
  readonly login: Session<Login>
  readonly theme: Session<Theme>
  /** Flash messages. */
  readonly flashes: readonly string[]
  /** Creates the CSRF tokens of the forms. */
  readonly tokenOf: FormToken
  /** The cookies as the browser sent them. */
  readonly cookies: { readonly login: string | undefined; readonly theme: string | undefined }
  /** The number of key pairs that the stores use. */
  readonly keyPairs: number
}

/** Renders the page at `/`. */
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
        <p>A small shop that remembers you. Further down you can see what your sessions contain,
          and what your browser stores.</p>
      </section>
      <div class="cards">
        ${cartCard(cart, tokenOf)}
        ${user === undefined ? signInCard() : visitCard(login.values, home)}
      </div>
      <h2>Inside your sessions</h2>
      <div class="cards">
        ${loginPanel(home)}
        ${themePanel(home)}
      </div>
    </main>
    <footer>
      Both sessions use the storage format of Go’s gorilla/sessions. A Go program with the same keys
      and the same folder can serve the same visitors.
    </footer>`
  return page('Silverback demo', body, shownTheme)
}

const errorTexts: Record<number, [title: string, text: string]> = {
  403: [
    'Form rejected',
    'This form came from another site or was loaded before you signed in. Please try again.',
  ],
  404: ['Page not found', 'There is no page at this address.'],
  405: ['Method not allowed', 'This address does not support this kind of request.'],
  413: ['Form too large', 'Forms can be at most 64 KiB in size.'],
  500: ['Something went wrong', 'Your session could not be read or saved. Please try again.'],
}

/** Renders the page for an HTTP error, without details. */
export function errorPage(status: number): string {
  const [title, text] = errorTexts[status] ?? ['Error', '']
  const body = html`
    <main class="error">
      <p class="status">${status}</p>
      <h1>${title}</h1>
      <p>${text}</p>
      <a class="button" href="/">Back to the shop</a>
    </main>`
  return page(title, body)
}

/** The theme `system` follows the settings of the operating system. */
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

/** The hidden field with the CSRF token of the form at this path; undefined if the form needs none. */
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
      <p>Fresh from the hillside. Your cart is kept from one request to the next, signed in or not.</p>
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
      <p>${values.remember ? 'You will stay signed in for 30 days.' : 'You will stay signed in until you close the browser.'}</p>
      <p class="count"><span id="key-pairs">${keyPairs}</span>
        <span>key ${keyPairs === 1 ? 'pair' : 'pairs'}. New cookies use the newest one; cookies made with
          an older one stay valid.</span></p>
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
  return panel(
    login,
    'Stored in a file on the server. The cookie contains only the session’s id.',
    [
      row(
        'Id',
        login.id === undefined ? 'none yet' : html`<code id="id">${masked(login.id)}</code>`,
      ),
      row('Values', valueList(login.values)),
      ...cookieRows(login, cookies.login),
    ],
  )
}

function themePanel({ theme, cookies }: Home): Html {
  const value = cookies.theme
  return panel(
    theme,
    'Stored in the cookie itself, signed and encrypted. Nothing is kept on the server.',
    [
      row('Values', valueList(theme.values)),
      row(
        'Cookie value',
        value ? html`<code id="sealed">${value.slice(0, 40)}…</code>` : 'none yet',
      ),
      ...cookieRows(theme, value),
    ],
  )
}

function panel(session: Session<object>, about: string, rows: Html[]): Html {
  const state = session.reason
    ? html`new (reason: <code id="${session.name}-reason">${session.reason}</code>)`
    : 'restored from your cookie'
  return html`
    <section class="card panel" id="${session.name}-panel">
      <h3>${session.name}</h3>
      <p>${about}</p>
      <dl>${row('Session', state)}${rows}</dl>
    </section>`
}

function cookieRows(session: Session<object>, value: string | undefined): Html[] {
  const size =
    value === undefined ? 'no cookie' : `${session.name.length + 1 + value.length} of 4096 bytes`
  const chips = attributes(session.options).map(each => html`<li>${each}</li>`)
  return [row('Cookie size', size), row('Attributes', html`<ul class="chips">${chips}</ul>`)]
}

function row(term: string, description: Content): Html {
  return html`<div><dt>${term}</dt><dd>${description}</dd></div>`
}

/** Lists the values, except the secret of the CSRF tokens, which must not appear in a page. */
function valueList(values: object): Content {
  const entries = Object.entries(values).filter(([key]) => key !== csrfKey)
  if (entries.length === 0) return 'empty'
  return html`<code>${entries.map(([key, value]) => html`<span>${key}: ${inspect(value)}</span>`)}</code>`
}

function attributes({ path, maxAge, httpOnly, sameSite, secure }: Options): string[] {
  return [
    `Path=${path}`,
    httpOnly ? 'HttpOnly' : 'not HttpOnly',
    `SameSite=${sameSite}`,
    secure ? 'Secure' : 'not Secure (local demo over HTTP)',
    maxAge === 'session'
      ? 'no Max-Age (until the browser closes)'
      : `Max-Age=${maxAge} (${Number(maxAge) / 86_400} days)`,
  ]
}

/** Shortens an id. With the whole id and the keys, an attacker could forge the cookie. */
function masked(id: string): string {
  return `${id.slice(0, 6)}…`
}
