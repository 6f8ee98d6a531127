/**
 * The demo as a request handler.
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
import { formTokens, hasValidToken, prepareTokens } from './tokens.ts'

const assets = new Map([
  ['/style.css', { type: 'text/css; charset=utf-8', body: readAsset('style.css') }],
  ['/icon.svg', { type: 'image/svg+xml', body: readAsset('icon.svg') }],
])

/** Returns the request handler for `createServer`. */
export function app(stores: Stores): RequestListener {
  return async (request, response) => {
    try {
      await route(request, response, stores)
    } catch (error) {
      // The client disconnected while it was sending a form. That is no error, and needs no response.
      if (request.errored) return
      // Details belong in the log, not in the page. Session errors never contain values or keys.
      console.error(error)
      if (response.headersSent) response.destroy()
      else sendError(response, 500)
    }
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? ''
  const asset = assets.get(path)
  const action = actions.get(path)
  if (!asset && !action && path !== '/') return sendError(response, 404)
  const methods = action ? ['POST'] : ['GET', 'HEAD']
  if (!methods.includes(request.method ?? '')) {
    response.setHeader('Allow', methods.join(', '))
    return sendError(response, 405)
  }
  if (asset) return send(response, 200, asset.type, asset.body)
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
  // This protects guests too: another site could sign them in as somebody else.
  if (!isSameOrigin(request)) return sendError(response, 403)
  const form = await readForm(request)
  if (!form) return sendError(response, 413)
  const visit = await openVisit(request, response, stores)
  if (!hasValidToken(request, visit.login, path, form)) return sendError(response, 403)
  await action(visit, form)
  // Saves both sessions. This must happen before the headers are sent, because cookies are headers.
  await save(request, response)
  response.writeHead(303, { location: '/' }).end()
}

async function show(
  request: IncomingMessage,
  response: ServerResponse,
  stores: Stores,
): Promise<void> {
  const { login, theme } = await openVisit(request, response, stores)
  // Visitors who signed in at the Go program do not have a token secret yet.
  const isPrepared = prepareTokens(login)
  const flashes: string[] = []
  for (const session of [login, theme]) {
    // The visitor does not see the response to HEAD, so it must not consume messages.
    if (request.method === 'HEAD') {
      flashes.push(...session.peekFlashes<string>())
      continue
    }
    const messages = session.flashes<string>()
    flashes.push(...messages)
    // Save only if something changed. Otherwise every visitor would get a session file.
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
  // The page changes with every action, so not even the browser's own cache may keep it.
  response.setHeader('Cache-Control', 'no-store')
  send(response, 200, 'text/html; charset=utf-8', page)
}

function sendError(response: ServerResponse, status: number): void {
  send(response, status, 'text/html; charset=utf-8', errorPage(status))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  // Node leaves the body out when the request is HEAD.
  response.end(body)
}

function readAsset(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
