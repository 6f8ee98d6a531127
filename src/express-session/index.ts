/**
 * express-session's middleware, in its place: its options, its `request.session`, its cookie, over the
 * core of this library.
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
import { keeperOf, Session, type SessionRequest } from './session.ts'
import { type KeptSession, MemoryStore, Store, type StoreLike } from './store.ts'
import { warnOfLateFailure } from './warnings.ts'

export type { Middleware } from '../adapters/lib/middleware.ts'
export { Cookie, type CookieData, type CookieOptions } from './cookie.ts'
export type { SessionOptions } from './options.ts'
export type { IncomingRequest } from './request.ts'
export { type Callback, Session, type SessionRequest } from './session.ts'
export {
  type Emitter,
  type KeptSession,
  MemoryStore,
  type SessionCallback,
  Store,
  type StoreLike,
} from './store.ts'

/**
 * What sessions hold, for apps without `@types/express-session`:
 * `declare module 'silverback/express-session' { interface SessionData { user?: string } }`.
 */
export interface SessionData {
  cookie: Cookie
}

/** The type of `request.session`, with values of your own: `RequestSession<{ user: string }>`. */
export type RequestSession<Data extends object = SessionData> = Session & Partial<Data>

/** express-session's function, and the classes that are its properties. */
export interface SessionFunction {
  /**
   * Middleware that puts the session at `request.session`, and saves it before the head of the response
   * is sent. A session that cannot be loaded or saved goes to the error handlers.
   *
   * Throws TypeError or RangeError for wrong options.
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
  adopt(store)
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

/** Gives the store the methods that make sessions of requests, which it has from express-session, or lacks. */
function adopt(store: StoreLike): void {
  const { generate, createSession } = store as Partial<Store>
  Object.assign(store, {
    generate(request: SessionRequest): void {
      const keeper = keeperOf(request)
      if (keeper) keeper.generate()
      else generate?.call(store as Store, request)
    },
    createSession(request: SessionRequest, kept: KeptSession): Session {
      const create = keeperOf(request) ? Store.prototype.createSession : createSession
      return (create ?? Store.prototype.createSession).call(store as Store, request, kept)
    },
  })
}

const session: SessionFunction = Object.assign(middleware, { Store, MemoryStore, Cookie, Session })

export default session
// What `require` answers (https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require).
export { session as 'module.exports' }
