/**
 * A drop-in replacement for express-session: the same options, `request.session` and cookie.
 *
 * @module
 */

import { deferHead } from '../adapters/lib/deferred-head.ts'
import type { Middleware } from '../adapters/lib/middleware.ts'
import { resetResponse } from '../adapters/lib/server-error.ts'
import { Cookie } from './cookie.ts'
import { type SessionOptions, settingsOf } from './options.ts'
import { type IncomingRequest, isWithin } from './request.ts'
import { RequestSessions } from './request-sessions.ts'
import { controllerOf, Session, type SessionRequest } from './session.ts'
import { MemoryStore, Store, type StoredSession, type StoreLike } from './store.ts'
import { warnOfLateFailure } from './warnings.ts'

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
  <Request = IncomingRequest>(options: SessionOptions<Request>): Middleware
  readonly Store: typeof Store
  readonly MemoryStore: typeof MemoryStore
  readonly Cookie: typeof Cookie
  readonly Session: typeof Session
}

function middleware<Request = IncomingRequest>(options: SessionOptions<Request>): Middleware {
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
    if (
      request.session ||
      !isReady ||
      !isWithin(settings.cookieFor(request).path ?? '/', request)
    ) {
      next()
      return
    }
    const sessions = new RequestSessions(settings, request)
    deferHead(
      response,
      {
        before: headers => sessions.commit(headers),
        failed(error) {
          resetResponse(response)
          next(error)
        },
      },
      'express-session',
    )
    response.once('finish', () => {
      sessions.commitLate().catch(warnOfLateFailure)
    })
    const opening = sessions.open()
    if (opening) opening.then(() => next(), next)
    else next()
  }
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

export default session
// The value of `require` (https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require).
export { session as 'module.exports' }
