/** Apps with other middleware and, next to it, sessions: in Express, on `node:http`, and over HTTP/2. */

import { createServer, type RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { type FastifyPluginCallback, fastify } from 'fastify'
import type { SessionSource } from 'silverback'
import { sessions as connectSessions } from 'silverback/connect'
import { sessions } from 'silverback/express'
import { sessions as nodeSessions } from 'silverback/node'
import type { RunningApp } from 'silverback/testing/adapters'
import {
  backendThat,
  cookieStore,
  serverStore,
  sleep,
} from '../../../src/testing/adapters/stores.ts'
import { withoutCertificate } from '../../support/http/exchange.ts'
import { listen } from './node-http.ts'
import type { Middleware } from './response-middleware.ts'

/** A kilobyte of text, above the threshold of `compression`. */
const file = fileURLToPath(new URL('../../fixtures/lines.txt', import.meta.url))
const large = 'a large body '.repeat(24_000)
const streamed = 3_000_000

/** The stores that the apps run with. */
export const sources: Readonly<Record<string, () => SessionSource<object>>> = {
  CookieStore: () => ({ store: cookieStore(), name: 'sid' }),
  'slow ServerStore': () => ({ store: serverStore(backendThat(() => sleep(5))), name: 'sid' }),
}

/** Counts the visit, unless the app has no sessions. */
function countVisit(request: object): void {
  ;(request as { session?: { increment(key: string): unknown } }).session?.increment('n')
}

/** The handler of every app. */
const handle: RequestListener = (request, response) => {
  countVisit(request)
  const type = { 'Content-Type': 'text/plain' }
  if (request.url !== '/head') response.setHeader('Content-Type', 'text/plain')
  switch (request.url) {
    case '/small':
      return void response.end('a small body')
    case '/large':
      return void response.end(large)
    case '/stream':
      return void Readable.from(chunks(), { objectMode: false }).pipe(response)
    case '/drain':
      return void writeSlowly(response).catch(error => response.destroy(error))
    case '/empty':
      response.statusCode = 204
      return void response.end()
    case '/hints':
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      return void setTimeout(() => response.end(large), 5)
    case '/flush':
      response.flushHeaders()
      response.write('one ')
      return void setTimeout(() => response.end('two'), 5)
    case '/redirect':
      response.writeHead(302, { Location: '/small' })
      return void response.end()
    case '/head':
      response.writeHead(201, { ...type, 'X-Head': 'yes' })
      response.write('one ')
      return void response.end('two')
    default:
      response.statusCode = 404
      return void response.end('not found')
  }
}

function* chunks(): Generator<Buffer> {
  for (let size = 0; size < streamed; size += 50_000) {
    yield Buffer.alloc(Math.min(50_000, streamed - size), String(size))
  }
}

async function writeSlowly(response: Parameters<RequestListener>[1]): Promise<void> {
  for (const chunk of chunks()) {
    if (!response.write(chunk)) {
      await new Promise<void>(resolve => {
        response.once('drain', resolve).once('close', resolve)
      })
    }
  }
  response.end()
}

/**
 * Starts an app with other middleware, and with sessions unless `source` is undefined.
 *
 * @param isFirst - whether the sessions come before the other middleware
 */
export type StartWrapped = (
  chain: readonly Middleware[],
  source?: SessionSource<object>,
  isFirst?: boolean,
) => Promise<RunningApp>

export const startExpress: StartWrapped = (chain, source, isFirst) => {
  const app = express()
  app.set('env', 'test')
  return listen(app.use(router(chain, source, isFirst)))
}

/** An Express router inside Fastify, with the `@fastify/express` of a project. */
export async function startFastifyExpress(
  project: string,
  ...args: Parameters<StartWrapped>
): Promise<RunningApp> {
  const load = createRequire(`${project}/package.json`)
  const app = fastify({ forceCloseConnections: true })
  await app.register(load('@fastify/express') as FastifyPluginCallback)
  ;(app as unknown as { use(router: object): void }).use(router(...args))
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, close: () => app.close() }
}

function router(...[chain, source, isFirst]: Parameters<StartWrapped>): express.Router {
  const own = source && (sessions(source) as Middleware)
  const all = express.Router()
  for (const each of own ? ordered(chain, own, isFirst) : chain) all.use(each)
  all.get('/json', (request, response) => {
    countVisit(request)
    response.json({ hello: 'world' })
  })
  all.get('/file', (request, response) => {
    countVisit(request)
    response.sendFile(file)
  })
  all.get('/redirect', (request, response) => {
    countVisit(request)
    response.redirect('/small')
  })
  return all.use(handle)
}

/** Runs middleware without a framework. */
function compose(chain: readonly Middleware[], listener: RequestListener): RequestListener {
  return (request, response) => {
    const run = (index: number): void => {
      const next = chain[index]
      if (next) next(request, response, error => (error ? response.destroy() : run(index + 1)))
      else listener(request, response)
    }
    run(0)
  }
}

const nodeListener = (
  chain: readonly Middleware[],
  source?: SessionSource<object>,
  isFirst?: boolean,
): RequestListener => {
  if (!source) return compose(chain, handle)
  const withSession = nodeSessions(source, (request, response, session) => {
    const inner = isFirst ? compose(chain, handle) : handle
    return inner(Object.assign(request, { session }), response)
  })
  const listener: RequestListener = (request, response) => void withSession(request, response)
  return isFirst ? listener : compose(chain, listener)
}

export const startNode: StartWrapped = (...args) => listen(createServer(nodeListener(...args)))

/** Over TLS, where the server speaks both versions. */
export const startHttp2: StartWrapped = async (chain, source, isFirst) => {
  const all = source ? ordered(chain, connectSessions(source) as Middleware, isFirst) : chain
  const server = createSecureServer({ allowHTTP1: true, ...withoutCertificate })
  server.on('request', compose(all, handle) as never)
  const connections = new Set<{ destroy(): unknown }>()
  server.on('secureConnection', socket => connections.add(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    origin: `https://127.0.0.1:${port}`,
    async close() {
      for (const socket of connections) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function ordered(
  chain: readonly Middleware[],
  own: Middleware,
  isFirst?: boolean,
): readonly Middleware[] {
  return isFirst ? [own, ...chain] : [...chain, own]
}
