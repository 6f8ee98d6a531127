/**
 * The app under test, once with Silverback and once with express-session.
 *
 * `POST /` performs the operation in its body and responds with a {@link Reply}.
 *
 * @module
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { RedisStore } from 'connect-redis'
import express, { type Request } from 'express'
import expressSession from 'express-session'
import {
  type Backend,
  ServerStore,
  type ServerStoreOptions,
  type Session,
  SessionError,
} from 'silverback'
import { keyPrefix, type List, type Loaded, type Operation, type Reply } from './operations.ts'

/** The values of a session. */
interface Values {
  token?: string
  count?: number
}

/** The app with a {@link ServerStore} over a backend. */
export function silverbackApp(
  backend: Backend,
  options: Pick<ServerStoreOptions, 'acceptLimitations'> = {},
): RequestListener {
  const store = new ServerStore(backend, { ...options, options: { secure: false } })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const operation = (await readJson(request)) as Operation
    if (operation.kind === 'sessionsOf') return { listed: await tokensOf(operation.owner) }
    if (operation.kind === 'revoke') return { revoked: await revoke(operation) }
    if (operation.kind === 'revokeAll') {
      await store.revokeAll(operation.owner)
      return {}
    }
    const session = await store.get<Values>(request, 'sid')
    const loaded = loadedFrom(session)
    if (loaded.token === undefined && operation.kind !== 'login') return { loaded }
    if (operation.kind === 'revokeOthers') {
      await store.revokeAll(operation.owner, { except: session })
      return { loaded }
    }
    const consumed = await apply(operation, session)
    await session.save(request, response)
    return { loaded, consumed }
  }

  async function tokensOf(owner: string): Promise<string[]> {
    return (await store.sessionsOf(owner)).map(({ label = '' }) => label)
  }

  async function revoke({ owner, token }: { owner: string; token: string }): Promise<boolean> {
    const listed = await store.sessionsOf(owner)
    const found = listed.find(({ label }) => label === token)
    return found !== undefined && (await store.revoke(found.handle, { owner }))
  }

  return (request, response) => {
    handle(request, response).then(
      reply => response.end(JSON.stringify(reply)),
      error => respondWithError(error, response),
    )
  }
}

function respondWithError(error: unknown, response: ServerResponse): void {
  const code = error instanceof SessionError ? error.code : (error as Error).name
  const cause = (error as Error).cause
  const message = cause instanceof Error ? `${error}: ${cause.message}` : String(error)
  response.writeHead(503).end(JSON.stringify({ code, message }))
}

function loadedFrom(session: Session<Values>): Loaded {
  const { values, owner } = session
  return {
    token: owner === undefined ? undefined : values.token,
    owner,
    count: values.count ?? 0,
    keys: keysIn(values),
    pending: { notes: session.peekFlashes(), inbox: session.peekFlashes('inbox') },
  }
}

function keysIn(values: object): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key.startsWith(keyPrefix)))
}

/** Changes the session. Resolves to the messages that were consumed. */
async function apply(operation: Operation, session: Session<Values>): Promise<string[]> {
  switch (operation.kind) {
    case 'login':
      session.login(operation.owner)
      session.values.token = operation.token
      session.label = operation.token
      break
    case 'set':
      ;(session.values as Record<string, unknown>)[operation.key] = operation.value
      break
    case 'increment':
      session.increment('count')
      break
    case 'addFlash':
      if (operation.list === 'inbox') session.addFlash(operation.message, 'inbox')
      else session.addFlash(operation.message)
      break
    case 'consume':
      return operation.list === 'inbox' ? session.takeFlashes('inbox') : session.flashes()
    case 'rotate':
    case 'elevate':
      session[operation.kind]()
      if (operation.increments) session.increment('count')
      break
    case 'logout':
      session.destroy()
  }
  return []
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
  app.post('/', async (request, response) => {
    const operation = (await readJson(request)) as Operation
    const loaded = loadedFromObject(request.session)
    if (loaded.token === undefined && operation.kind !== 'login') response.json({ loaded })
    else response.json({ loaded, consumed: await applyToRequest(operation, request) })
  })
  return app
}

/** express-session has no owners and no flash messages of its own. */
type Bag = Record<string, unknown> & Partial<Record<List, string[]>>

function loadedFromObject(session: object): Loaded {
  const { token, owner, count = 0, notes = [], inbox = [] } = session as Bag
  return {
    token: token as string | undefined,
    owner: owner as string | undefined,
    count: count as number,
    keys: keysIn(session),
    pending: { notes, inbox },
  }
}

async function applyToRequest(operation: Operation, request: Request): Promise<string[]> {
  const bag = request.session as unknown as Bag
  switch (operation.kind) {
    case 'login':
      await regenerate(request)
      Object.assign(request.session, { token: operation.token, owner: operation.owner })
      break
    case 'set':
      bag[operation.key] = operation.value
      break
    case 'increment':
      bag.count = Number(bag.count ?? 0) + 1
      break
    case 'addFlash':
      bag[operation.list] = [...(bag[operation.list] ?? []), operation.message]
      break
    case 'consume': {
      const messages = bag[operation.list] ?? []
      delete bag[operation.list]
      return messages
    }
    case 'rotate':
    case 'elevate': {
      const { cookie, ...values } = bag
      await regenerate(request)
      Object.assign(request.session, values)
      if (operation.increments) {
        Object.assign(request.session, { count: Number(values.count ?? 0) + 1 })
      }
      break
    }
    case 'logout':
      await new Promise<void>((resolve, reject) => {
        request.session.destroy(error => (error ? reject(error) : resolve()))
      })
  }
  return []
}

function regenerate(request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    request.session.regenerate(error => (error ? reject(error) : resolve()))
  })
}
