/**
 * What visitors can do, and what it changes in their sessions.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Session } from 'silverback'
import type { Login, Stores, Theme } from './stores.ts'

/** One request and the visitor's sessions. */
export interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly stores: Stores
  readonly login: Session<Login>
  readonly theme: Session<Theme>
}

/** Changes the sessions of a visit as the form says. The caller saves them. */
export type Action = (visit: Visit, form: URLSearchParams) => void | Promise<void>

/** Reads both sessions of the visitor; a new visitor has empty ones. */
export async function openVisit(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<Visit> {
  const login = await stores.logins.get<Login>(request, 'login')
  const theme = await stores.themes.get<Theme>(request, 'theme')
  // Options are not part of what is stored: every request says how long the cookie lasts.
  if (login.values.remember) login.remember()
  return { request, response, stores, login, theme }
}

/** The actions, by the path that their form is sent to. */
export const actions: ReadonlyMap<string, Action> = new Map([
  ['/sign-in', signIn],
  ['/cart', addToCart],
  ['/theme', chooseTheme],
  ['/rotate-keys', rotateKeys],
  ['/sign-out', signOut],
])

/** In characters. */
const longestName = 40

function signIn({ login }: Visit, form: URLSearchParams): void {
  const user = [...(form.get('name')?.trim() ?? '')].slice(0, longestName).join('')
  if (!user) {
    login.addFlash('Please enter a name')
    return
  }
  // A new id: one that somebody planted or saw before the sign-in is worth nothing after it (session
  // fixation). Where there is a place for the owner, login() does this and more; Go's files have none.
  login.rotate()
  // A guest keeps the cart; someone else's stays with them.
  const cart = login.values.user === undefined ? (login.values.cart ?? 0) : 0
  const remember = form.has('remember')
  login.values = { user, cart, remember }
  login.remember(remember)
  login.addFlash(`Welcome, ${user}`)
}

function addToCart({ login }: Visit): void {
  login.values.cart = (login.values.cart ?? 0) + 1
  login.addFlash('Added to cart')
}

function chooseTheme({ login, theme }: Visit, form: URLSearchParams): void {
  theme.values.theme = form.get('theme') === 'dark' ? 'dark' : 'light'
  login.addFlash(`The theme is ${theme.values.theme} now`)
}

function rotateKeys({ stores, login }: Visit): void {
  const isSignedIn = login.values.user !== undefined
  if (isSignedIn) stores.rotateKeys()
  login.addFlash(isSignedIn ? 'A new key pair writes from now on' : 'Please sign in first')
}

function signOut({ login, theme }: Visit): void {
  login.destroy()
  // The login is gone after this, so the message travels in the other session.
  theme.addFlash('You are signed out')
}
