/**
 * A drop-in replacement for express-session: the same options, `request.session` and cookie.
 *
 * @module
 */

import type { Middleware } from '../adapters/lib/middleware.ts'
import { beforeHead } from '../adapters/lib/response-hook.ts'
import { resetResponse } from '../adapters/lib/server-error.ts'
import type { ServerResponseLike } from '../adapters/lib/server-response.ts'
import { hasSession, watchUnset } from '../adapters/lib/unset-session.ts'
import { isWithin } from '../http/cookie-path.ts'
import { givesHints } from '../lib/warnings.ts'
import { Cookie } from './cookie.ts'
import { type SessionOptions, type Settings, settingsOf } from './options.ts'
import { type IncomingRequest, requestedPath } from './request.ts'
import { failureOf, RequestSessions } from './request-sessions.ts'
import { controllerOf, Session, type SessionRequest } from './session.ts'
import { MemoryStore, Store, type StoredSession, type StoreLike } from './store.ts'
import { warnOfLateFailure, warnOfOtherPath } from './warnings.ts'

export type { Middleware } from '../adapters/lib/middleware.ts'
export { Cookie, type CookieData, type CookieOptions } from './cookie.ts'
export type { SessionOptions } from './options.ts'
export type { IncomingRequest } from './request.ts'
export { type Callback, Session, type SessionRequest } from './session.ts'
export {
  type Emitter,
  MemoryStore,
  type SessionCallback,
  Store,
  type StoredSession,
  type StoreLike,
} from './store.ts'

/**
 * The values of sessions. Apps without `@types/express-session` declare them here:
 * `declare module 'silverback/express-session' { interface SessionData { user?: string } }`.
 */
export interface SessionData {
  cookie: Cookie
}

/** The type of `request.session` with the app's values: `RequestSession<{ user: string }>`. */
export type RequestSession<Data extends object = SessionData> = Session & Partial<Data>

/** The middleware function, with the same classes as properties as express-session's. */
export interface SessionFunction {
  /**
   * Makes middleware that sets `request.session` and saves the session before the head of the response is
   * sent. A failed load or save is passed to the error handlers.
   *
   * Throws a TypeError or RangeError for unknown or invalid options.
   */
  <Request = IncomingRequest>(options?: SessionOptions<Request>): Middleware
  readonly Store: typeof Store
  readonly MemoryStore: typeof MemoryStore
  readonly Cookie: typeof Cookie
  readonly Session: typeof Session
}

function middleware<Request = IncomingRequest>(options: SessionOptions<Request> = {}): Middleware {
  const settings = settingsOf(options ?? {})
  const { store } = settings
  overrideSessionMethods(store)
  let isReady = true
  store.on?.('disconnect', () => {
    isReady = false
  })
  store.on?.('connect', () => {
    isReady = true
  })

  return (incoming, response, next) => {
    const request = incoming as SessionRequest
    const fail = (error: unknown): void => next(failureOf(error))
    let sessions: RequestSessions | undefined
    let opening: Promise<void> | undefined
    try {
      if (isReady && !hasSession(request)) sessions = sessionsOf(settings, request)
      opening = sessions?.open()
    } catch (error) {
      fail(error)
      return
    }
    if (sessions) commitBeforeHead(sessions, response, fail)
    if (opening) opening.then(() => next(), fail)
    else next()
  }
}

/** The sessions of a request; undefined outside the path of the cookie. Throws an Error without a secret. */
function sessionsOf(settings: Settings, request: SessionRequest): RequestSessions | undefined {
  const path = settings.cookieFor(request).path || '/'
  const asked = requestedPath(request)
  if (isWithin(asked, path)) return new RequestSessions(settings, request)
  if (givesHints()) watchUnset(request, 'session', () => warnOfOtherPath(asked, path))
  return undefined
}

/** A substitute for a response, such as the `{}` that apps pass for a WebSocket, has no head to wait for. */
function commitBeforeHead(
  sessions: RequestSessions,
  response: ServerResponseLike,
  fail: (error: unknown) => void,
): void {
  let hasFailed = false
  beforeHead(
    response,
    {
      before: headers => sessions.commit(headers),
      failed(error) {
        hasFailed = true
        resetResponse(response)
        fail(error)
      },
    },
    'express-session',
  )
  response.once?.('finish', () => {
    // The error handlers have the failure already, and their page says that nothing was saved.
    if (!hasFailed) sessions.commitLate().catch(warnOfLateFailure)
  })
}

/** Replaces the store's methods that create sessions, for requests that this middleware handles. */
function overrideSessionMethods(store: StoreLike): void {
  const { generate, createSession } = store as Partial<Store>
  Object.assign(store, {
    generate(request: SessionRequest): void {
      const controller = controllerOf(request)
      if (controller) controller.generate()
      else generate?.call(store as Store, request)
    },
    createSession(request: SessionRequest, stored: StoredSession): Session {
      const create = controllerOf(request) ? Store.prototype.createSession : createSession
      return (create ?? Store.prototype.createSession).call(store as Store, request, stored)
    },
  })
}

const session: SessionFunction = Object.assign(middleware, { Store, MemoryStore, Cookie, Session })
// Compilers to CommonJS read `require(…).default`. Not enumerable, as it is no part of express-session.
Object.defineProperty(session, 'default', { value: session })

export default session
// The value of `require` (https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require).
export { session as 'module.exports' }
