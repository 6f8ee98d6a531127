/**
 * `request.session`, with the methods of express-session.
 *
 * @module
 */

import { sideTable } from '../lib/side-table.ts'
import { asCookie, type Cookie, type CookieData } from './cookie.ts'
import type { IncomingRequest } from './request.ts'

/** Called when an operation is done, with an error if it failed. */
export type Callback = (error?: unknown) => void

/** A request with a session. */
export interface SessionRequest extends IncomingRequest {
  sessionID?: string | undefined
  session?: Session | null | undefined
  sessionStore?: StoreMethods | undefined
}

/** A session in a store: its values and its cookie. */
export interface StoredSession {
  cookie: CookieData
  [key: string]: unknown
}

/** Receives the session that a store found, or null or undefined if there is none. */
export type SessionCallback = (error?: unknown, session?: StoredSession | null) => void

/** The subset of Node's EventEmitter that stores need. */
export interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): this
  once(event: string, listener: (...args: unknown[]) => void): this
  off(event: string, listener: (...args: unknown[]) => void): this
  emit(event: string, ...args: unknown[]): boolean
}

/** The methods of a store, including the inherited ones. */
export interface StoreMethods extends Emitter {
  get(sid: string, callback: SessionCallback): void
  set(sid: string, session: object, callback?: Callback): void
  destroy(sid: string, callback?: Callback): void
  touch?(sid: string, session: object, callback?: Callback): void
  all?(callback: (error: unknown, sessions?: object) => void): void
  length?(callback: (error: unknown, count?: number) => void): void
  clear?(callback?: Callback): void
  /** Sets `request.session` to a new session. The middleware adds this method to the store. */
  generate(request: SessionRequest): void
  /** Destroys the request's session and sets `request.session` to a new one. */
  regenerate(request: SessionRequest, callback: Callback): void
  /** Loads a session by its id, outside of a request. */
  load(sid: string, callback: (error?: unknown, session?: Session) => void): void
  /** Sets `request.session` to a session that the store returned. */
  createSession(request: SessionRequest, stored: StoredSession): Session
}

/** Implements the methods of a session, and of its store, for one request. */
export interface SessionController {
  generate(): void
  save(session: Session, callback?: Callback): void
  reload(session: Session, callback: Callback): void
  regenerate(callback: Callback): void
  destroy(session: Session, callback?: Callback): void
}

const controllers = sideTable<SessionController>()

/** The controller of the request; undefined if our middleware has not handled it. */
export function controllerOf(request: object): SessionController | undefined {
  return controllers.get(request)
}

/** Sets the controller of the request. */
export function assignController(request: object, controller: SessionController): void {
  controllers.set(request, controller)
}

/** A session. Its values are its properties. */
export class Session {
  declare cookie: Cookie
  /** The session's request. */
  declare readonly req: SessionRequest
  /** The session id, as in `request.sessionID`. */
  declare readonly id: string

  /** Makes a session for `request.sessionID` with these values. */
  constructor(request: SessionRequest, values?: object | null) {
    Object.defineProperty(this, 'req', { value: request })
    Object.defineProperty(this, 'id', { value: request.sessionID })
    for (const [key, value] of Object.entries(values ?? {})) {
      if (!(key in this)) Object.assign(this, { [key]: value })
    }
  }

  /** Resets the cookie's `maxAge` to its original value. The middleware does this for each request. */
  touch(): this {
    return this.resetMaxAge()
  }

  /** Resets the cookie's `maxAge` to its original value. */
  resetMaxAge(): this {
    // Apps that copy the values of an old session into a new one replace the cookie by a plain object.
    this.cookie = asCookie(this.cookie)
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }

  /**
   * Saves the session now. Changes that other requests have saved since it was loaded are merged, key by
   * key. No-op if the session was destroyed meanwhile.
   */
  save(callback?: Callback): this {
    const controller = controllerOf(this.req)
    if (controller) controller.save(this, callback)
    else this.req.sessionStore?.set(this.id, this, callback)
    return this
  }

  /** Sets `request.session` to the session as it is in the store now. */
  reload(callback: Callback): this {
    const { req } = this
    const controller = controllerOf(req)
    if (controller) controller.reload(this, callback)
    else {
      req.sessionStore?.get(this.id, (error, stored) => {
        if (stored) req.sessionStore?.createSession(req, stored)
        callback(error || stored ? error : failedToLoad())
      })
    }
    return this
  }

  /** Destroys the session and deletes `request.session`. */
  destroy(callback?: Callback): this {
    const controller = controllerOf(this.req)
    delete this.req.session
    if (controller) controller.destroy(this, callback)
    else this.req.sessionStore?.destroy(this.id, callback)
    return this
  }

  /** Destroys the session and sets `request.session` to an empty one with a new id. */
  regenerate(callback: Callback): this {
    const controller = controllerOf(this.req)
    if (controller) controller.regenerate(callback)
    else this.req.sessionStore?.regenerate(this.req, callback)
    return this
  }
}

/** The error of `reload` for a session that is not in the store. The message is that of express-session. */
export function failedToLoad(): Error {
  return new Error('failed to load session')
}
