/**
 * The demo as a request handler. It knows nothing about single scenes.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { explain, type FlashMessage, RefusedError } from 'silverback'
import { assertSameOrigin } from 'silverback/csrf'
import { sessions } from 'silverback/node'
import type { Html } from '../lib/html.ts'
import type { Demo } from './demo.ts'
import { eventStream } from './lib/event-stream.ts'
import { readForm } from './lib/form.ts'
import { devicePage, homePage, plainPage, scenePage } from './page.ts'
import type { Scene, Visit } from './scene.ts'

const assets = new Map([
  ['/style.css', { type: 'text/css; charset=utf-8', body: readAsset('style.css') }],
  ['/client.js', { type: 'text/javascript; charset=utf-8', body: readAsset('client.js') }],
  ['/icon.svg', { type: 'image/svg+xml', body: readAsset('icon.svg') }],
])

/** Returns the request handler for `createServer`. */
export function app(demo: Demo, scenes: readonly Scene[]): RequestListener {
  const handlers = new Map<string, RequestListener>()
  for (const scene of scenes) {
    const handler = sceneHandler(demo, scene, scenes)
    handlers.set(scene.path, handler)
    if (scene.live) handlers.set(`${scene.path}/live`, handler)
  }
  return (request, response) => {
    const path = addressOf(request).pathname
    const asset = assets.get(path)
    const handler = handlers.get(path)
    const methods = handler ? ['GET', 'HEAD', 'POST'] : ['GET', 'HEAD']
    if (!methods.includes(request.method ?? '')) {
      response.setHeader('Allow', methods.join(', '))
      return sendPage(response, 405, plainPage('Wrong method', `Use ${methods.join(', ')}.`, '/'))
    }
    if (handler) handler(request, response)
    else if (asset) send(response, 200, asset.type, asset.body)
    else if (path === '/') sendPage(response, 200, homePage(scenes))
    else sendPage(response, 404, plainPage('Page not found', 'The demo has no such page.', '/'))
  }
}

/** Opens the sessions of a scene, and lets the scene handle the request. */
function sceneHandler(demo: Demo, scene: Scene, scenes: readonly Scene[]): RequestListener {
  const sources = { ...scene.sessions, visitor: demo.visitors }
  return sessions(sources, async (request, response, { visitor, ...opened }) => {
    visitor.values.id ??= randomUUID()
    const visitorId = visitor.values.id
    const visit: Visit = {
      request,
      response,
      url: addressOf(request),
      visitorId,
      sessions: opened,
      notify: message => visitor.addFlash(message),
    }
    // What the script of a page requests is left out, so that looking at the timeline does not change it.
    if (!isByScript(request)) response.once('close', () => record(demo, visit))
    try {
      if (request.method === 'POST') return await act(scene, visit)
      if (visit.url.pathname !== scene.path) return await scene.live?.(visit, eventStream(response))
      const isShown = request.method === 'GET' && !isByScript(request)
      const messages = isShown ? visitor.flashes<FlashMessage>() : []
      sendPage(response, 200, await pageOf(scene, scenes, visit, messages))
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      sendPage(response, error.status, refusal(error, scene.path))
    }
  })
}

/** Runs the action of a form, and redirects to the page that shows its effect. */
async function act(scene: Scene, visit: Visit): Promise<void> {
  const { request, response } = visit
  assertSameOrigin(request) // throws a RefusedError: 403, cross-origin
  const form = await readForm(request)
  if (!form) {
    return sendPage(response, 413, plainPage('Form too large', 'It has more than 64 KiB.', '/'))
  }
  const { actions = {} } = scene
  const name = form.get('action') ?? ''
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (!action) {
    return sendPage(response, 404, plainPage('No such action', 'Use the buttons of the page.', '/'))
  }
  await action(visit, form)
  response.writeHead(303, { Location: `${scene.path}${visit.url.search}` }).end()
}

async function pageOf(
  scene: Scene,
  scenes: readonly Scene[],
  visit: Visit,
  messages: readonly FlashMessage[],
): Promise<Html> {
  const content = await scene.show(visit)
  const live = `${scene.path}/live${visit.url.search}`
  if ('body' in content) return devicePage(content, messages, live)
  return scenePage({ about: scene, scenes, messages, content, live: scene.live && live })
}

function refusal({ code, message }: RefusedError, path: string): Html {
  return plainPage('403: the form was refused', `${code}: ${message}.`, path)
}

function record(demo: Demo, { request, response, url, visitorId }: Visit): void {
  demo.recentRequests.add(visitorId, {
    at: new Date(),
    method: request.method ?? '',
    path: url.pathname,
    status: response.statusCode,
    events: explain(request),
  })
}

/** Whether the script of a page sent the request, and not the visitor. */
function isByScript(request: IncomingMessage): boolean {
  const accept = request.headers.accept ?? ''
  return request.headers['x-refresh'] !== undefined || accept.includes('text/event-stream')
}

function addressOf(request: IncomingMessage): URL {
  // The target of a request can be anything, such as `//`. The host does not matter.
  return new URL(`http://demo${request.url?.startsWith('/') ? request.url : '/'}`)
}

function sendPage(response: ServerResponse, status: number, page: Html): void {
  response.setHeader('Cache-Control', 'no-store')
  send(response, status, 'text/html; charset=utf-8', page.text)
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
      "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
  })
  // Node leaves the body out when the request is HEAD.
  response.end(body)
}

function readAsset(name: string): string {
  return readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8')
}
