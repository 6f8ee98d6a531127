/** What the apps have in common: pages, one user, and a server on a free port. */

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Site {
  readonly url: string
  close(): Promise<void>
}

export const secret = randomBytes(32).toString('base64')

/** The page behind the sign-in, with the form to sign out. */
export function accountPage(user: string): string {
  return `<h1>Hello ${user}</h1><form method="post" action="/logout"><button>Sign out</button></form>`
}

/** The page with the sign-in form. Without the hidden field the sign-in is refused. */
export function loginPage(token: string): string {
  return `<!doctype html><form method=POST action='/login'>
    <input type="hidden" name="csrf" value="${token.replaceAll('+', '&#x2B;')}">
    <input name=name> <input type=password name="password"> <button>Sign in</button>
  </form>`
}

/** A CSRF token. It contains a character that the page escapes. */
export function newToken(): string {
  return `+${randomBytes(16).toString('hex')}`
}

/** The name in a sign-in form, or undefined if the form is wrong. */
export function userOf(form: URLSearchParams, token: string | undefined): string | undefined {
  const isRight = form.get('csrf') === token && form.get('password') === 'p&ss'
  return isRight ? (form.get('name') ?? undefined) : undefined
}

export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams(await text(request))
}

export async function listen(listener: RequestListener | Server): Promise<Site> {
  const server = typeof listener === 'function' ? createServer(listener) : listener
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
