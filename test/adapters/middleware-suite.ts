/**
 * The suite for other middleware before and after sessions: every response is the one that the same app sends
 * without sessions, plus the cookie.
 */

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { after, before, suite, test } from 'node:test'
import type { RunningApp } from 'silverback/testing/adapters'
import { abort, type Exchange, exchange } from '../support/http/exchange.ts'
import { digest, type Middleware, responseMiddleware } from './apps/response-middleware.ts'
import { type StartWrapped, sources } from './apps/wrapped-app.ts'

type Send = (url: string, options?: Parameters<typeof exchange>[1]) => Promise<Exchange>
/** Sends requests to an app, and returns the last response. */
export type Case = (send: Send, origin: string) => Promise<Exchange>

const gzip = { 'accept-encoding': 'gzip' }
/** A request that accepts gzip. */
export const get =
  (path: string, headers: Record<string, string> = {}, method = 'GET'): Case =>
  (send, origin) =>
    send(`${origin}${path}`, { method, headers: { ...gzip, ...headers } })

/** Requests for apps of all frameworks. */
export const cases: Readonly<Record<string, Case>> = {
  'a small body': get('/small'),
  'a large body in one end': get('/large'),
  'a large body, uncompressed': get('/large', { 'accept-encoding': 'identity' }),
  'a stream': get('/stream'),
  'a stream, uncompressed': get('/stream', { 'accept-encoding': 'identity' }),
  'a writer that waits for drain': get('/drain'),
  'HEAD of a small body': get('/small', {}, 'HEAD'),
  'HEAD of a large body': get('/large', {}, 'HEAD'),
  'no content': get('/empty'),
  'early hints': get('/hints'),
  'flushHeaders and then write': get('/flush'),
  'writeHead with headers': get('/head'),
  'a redirect': get('/redirect'),
  'a client that leaves in the middle': async (send, origin) => {
    await abort(`${origin}/stream`)
    return get('/small')(send, origin)
  },
  'a client that leaves before the head': async (send, origin) => {
    await abort(`${origin}/stream`, 2)
    return get('/small')(send, origin)
  },
}

/** Requests for files and for `response.json`, which Express adds. */
export const expressCases: Readonly<Record<string, Case>> = {
  json: get('/json'),
  'HEAD of json': get('/json', {}, 'HEAD'),
  'a file': get('/file'),
  'a file, uncompressed': get('/file', { 'accept-encoding': 'identity' }),
  'HEAD of a file': get('/file', {}, 'HEAD'),
  'a range of a file': get('/file', { range: 'bytes=100-199' }),
  'a range outside of a file': get('/file', { range: 'bytes=5000-' }),
  'not modified (json)': async (send, origin) => {
    const { headers } = await get('/json')(send, origin)
    return get('/json', { 'if-none-match': headers.etag ?? '"none"' })(send, origin)
  },
  'not modified (file)': async (send, origin) => {
    const { headers } = await get('/file')(send, origin)
    return get('/file', { 'if-none-match': headers.etag ?? '"none"' })(send, origin)
  },
}

/** Headers that differ from response to response, or that sessions add. */
const ignored = ['date', 'set-cookie', 'cache-control', 'x-response-time']

function comparable({ status, headers, body, hints }: Exchange): object {
  const kept: IncomingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!ignored.includes(name)) kept[name] = value
  }
  const fields = String(headers.vary ?? '').split(', ')
  const vary = fields.filter(field => field !== '' && field !== 'Cookie').sort()
  const timed = 'x-response-time' in headers
  return { status, headers: { ...kept, vary }, timed, body: digest(body), hints }
}

/** Starts an app with one kind of middleware, and with sessions unless `source` is undefined. */
export type Start = (middleware: string, source?: string, isFirst?: boolean) => Promise<RunningApp>

interface Matrix {
  readonly start: Start
  readonly requests: Readonly<Record<string, Case>>
  readonly send?: Send
  /** The kinds of middleware, which `start` knows. */
  readonly middleware?: readonly string[]
}

export function middlewareSuite(
  title: string,
  { start, requests, send = exchange, middleware = Object.keys(responseMiddleware) }: Matrix,
): void {
  for (const name of middleware) {
    suite(`${title}, ${name}`, { concurrency: true }, () => {
      let bare: RunningApp
      const expected = new Map<Case, Promise<Exchange>>()
      before(async () => {
        bare = await start(name)
      })
      after(() => bare.close())
      for (const source of Object.keys(sources)) {
        for (const isFirst of name === 'no other middleware' ? [true] : [false, true]) {
          suite(`${isFirst ? 'after' : 'before'} sessions in a ${source}`, () => {
            let app: RunningApp
            before(async () => {
              app = await start(name, source, isFirst)
            })
            after(() => app.close())
            for (const [request, run] of Object.entries(requests)) {
              test(request, async () => {
                if (!expected.has(run)) expected.set(run, run(send, bare.origin))
                const control = await (expected.get(run) as Promise<Exchange>)
                const response = await run(send, app.origin)
                assert.deepEqual(comparable(response), comparable(control))
                const cookies = response.headers['set-cookie'] ?? []
                assert.deepEqual(
                  cookies.map(line => line.split('=')[0]),
                  ['sid'],
                )
              })
            }
          })
        }
      }
    })
  }
}

/** Starts an app in this process. */
export const here =
  (startApp: StartWrapped): Start =>
  (name, source, isFirst) => {
    const middleware = responseMiddleware[name] as () => Middleware
    return startApp([middleware()], source === undefined ? undefined : sources[source]?.(), isFirst)
  }
