/**
 * The app under test, once with Silverback and once with express-session.
 *
 * `POST /` performs the operation in its body and responds with the flash messages it consumed. `GET /`
 * responds with all values of the session.
 *
 * @module
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { RedisStore } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import { type Backend, ServerStore, type Session } from 'silverback'
import { counterKey, type Operation } from './operations.ts'

/** The key of the flash messages in a session of express-session, which has no flash messages of its own. */
export const flashKey = '_flash'

/** The app with a {@link ServerStore} over a backend. */
export function silverbackApp(backend: Backend): RequestListener {
  const store = new ServerStore(backend, { options: { secure: false } })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const operation = await operationIn(request)
    const session = await store.get(request, 'sid')
    if (!operation) return session.values
    const messages = apply(operation, session)
    await session.save(request, response)
    return messages
  }

  return (request, response) => {
    handle(request, response).then(
      result => response.end(JSON.stringify(result)),
      error => response.writeHead(503).end(String(error)),
    )
  }
}

function apply(operation: Operation, session: Session): unknown[] {
  if (operation.kind === 'set') session.values[operation.key] = operation.value
  if (operation.kind === 'increment') session.increment(counterKey)
  if (operation.kind === 'addFlash') session.addFlash(operation.message)
  return operation.kind === 'flashes' ? session.flashes() : []
}

/** The app with express-session over connect-redis; `client` is a client of node-redis. */
export function expressSessionApp(client: unknown): RequestListener {
  const sessions = expressSession({
    store: new RedisStore({ client }),
    secret: 'a secret of the benchmark',
    resave: false,
    saveUninitialized: false,
  })
  const app = express()
  app.use(sessions)
  app.get('/', (request, response) => {
    response.json(request.session)
  })
  app.post('/', async (request, response) => {
    const operation = await operationIn(request)
    response.json(operation && applyToObject(operation, request.session))
  })
  return app
}

function applyToObject(operation: Operation, session: object): unknown[] {
  const values = session as Record<string, unknown>
  const messages = (values[flashKey] ?? []) as unknown[]
  if (operation.kind === 'set') values[operation.key] = operation.value
  if (operation.kind === 'increment') values[counterKey] = Number(values[counterKey] ?? 0) + 1
  if (operation.kind === 'addFlash') values[flashKey] = [...messages, operation.message]
  if (operation.kind !== 'flashes') return []
  delete values[flashKey]
  return messages
}

async function operationIn(request: IncomingMessage): Promise<Operation | undefined> {
  return request.method === 'POST' ? ((await readJson(request)) as Operation) : undefined
}
