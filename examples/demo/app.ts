/**
 * The demo as a request handler: which request gets which answer.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { readCookies, save } from 'silverback'
import { isSameOrigin } from 'silverback/csrf'
import { type Action, actions, openVisit } from './actions.ts'
import { readForm } from './form.ts'
import { errorPage, homePage } from './page.ts'
import type { Stores } from './stores.ts'
import { formTokens, isOurs, prepareTokens } from './tokens.ts'

const files = new Map([
  ['/style.css', { type: 'text/css; charset=utf-8', body: fileBeside('style.css') }],
  ['/icon.svg', { type: 'image/svg+xml', body: fileBeside('icon.svg') }],
])

/** The request handler for `createServer`. */
export function app(stores: Stores): RequestListener {
  return async (request, response) => {
    try {
      await answer(request, response, stores)
    } catch (error) {
      // The visitor hung up in the middle of a form: nobody to answer, and nothing is wrong.
      if (request.errored) return
      // Details are for the log. Errors of sessions hold neither values nor keys.
      console.error(error)
      if (response.headersSent) response.destroy()
      else sendError(response, 500)
    }
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? ''
  const file = files.get(path)
  const action = actions.get(path)
  if (!file && !action && path !== '/') return sendError(response, 404)
  const method = action ? 'POST' : 'GET'
  if (request.method !== method) {
    response.setHeader('Allow', method)
    return sendError(response, 405)
  }
  if (file) return send(response, 200, file.type, file.body)
  if (action) return act(path, action, request, response, stores)
  return show(request, response, stores)
}

async function act(
  path: string,
  action: Action,
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<void> {
  // Of guests, too: another site could sign them in as somebody else.
  if (!isSameOrigin(request)) return sendError(response, 403)
  const form = await readForm(request)
  if (!form) return sendError(response, 413)
  const visit = await openVisit(request, response, stores)
  if (!isOurs(request, visit.login, path, form)) return sendError(response, 403)
  await action(visit, form)
  // Both sessions, before anything of the response is sent: cookies are headers.
  await save(request, response)
  response.writeHead(303, { location: '/' }).end()
}

async function show(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<void> {
  const { login, theme } = await openVisit(request, response, stores)
  const flashes: string[] = []
  // Of who signed in at the Go shop, say.
  const isPrepared = prepareTokens(login)
  for (const session of [login, theme]) {
    const messages = session.flashes<string>()
    flashes.push(...messages)
    // Reading took the messages out, which has to be saved. A visitor who only looks gets no file.
    if (messages.length > 0 || (isPrepared && session === login)) {
      await session.save(request, response)
    }
  }
  const cookies = {
    login: readCookies(request, 'login')[0],
    theme: readCookies(request, 'theme')[0],
  }
  const tokenOf = formTokens(login)
  const page = homePage({ login, theme, flashes, tokenOf, cookies, keyPairs: stores.keyPairs })
  // Not even in the browser's own cache: the page is another one after each action.
  response.setHeader('Cache-Control', 'no-store')
  send(response, 200, 'text/html; charset=utf-8', page)
}

function sendError(response: ServerResponse, status: number): void {
  send(response, status, 'text/html; charset=utf-8', errorPage(status))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  response.end(body)
}

function fileBeside(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
