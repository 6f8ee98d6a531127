/**
 * What visitors can do, and how each action changes their sessions.
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

/** Changes a visitor's sessions according to a form. The caller saves them. */
export type Action = (visit: Visit, form: URLSearchParams) => void | Promise<void>

/** Reads both sessions of a visitor. A new visitor's sessions are empty. */
export async function openVisit(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<Visit> {
  const login = await stores.logins.get<Login>(request, 'login')
  const theme = await stores.themes.get<Theme>(request, 'theme')
  // Options are not stored with the session, so every request sets the lifetime of the cookie again.
  if (login.values.remember) login.remember()
  return { request, response, stores, login, theme }
}

/** The actions, by the path of their form. */
export const actions: ReadonlyMap<string, Action> = new Map([
  ['/sign-in', signIn],
  ['/cart', addToCart],
  ['/theme', chooseTheme],
  ['/rotate-keys', rotateKeys],
  ['/sign-out', signOut],
])

/** The maximum length of a name, in characters. */
const maxNameLength = 40

function signIn({ login }: Visit, form: URLSearchParams): void {
  const user = [...(form.get('name')?.trim() ?? '')].slice(0, maxNameLength).join('')
  if (!user) {
    login.addFlash('Please enter a name')
    return
  }
  // Rotate the id to prevent session fixation: an id that an attacker planted or saw before the sign-in is
  // useless after it. login() does this and records the owner, but Go's file format has no field for owners.
  login.rotate()
  // A guest keeps the cart. The cart of a previous user is dropped.
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
  login.addFlash(`Switched to the ${theme.values.theme} theme`)
}

function rotateKeys({ stores, login }: Visit): void {
  const isSignedIn = login.values.user !== undefined
  if (isSignedIn) stores.rotateKeys()
  login.addFlash(isSignedIn ? 'New cookies now use a new key pair' : 'Please sign in first')
}

function signOut({ login, theme }: Visit): void {
  login.destroy()
  // The login session no longer exists, so the message goes into the other session.
  theme.addFlash('You have signed out')
}
