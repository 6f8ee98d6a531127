/**
 * The session of a request with express-session's methods: `request.session`.
 *
 * @module
 */

import { sideTable } from '../lib/side-table.ts'
import type { Cookie, CookieData } from './cookie.ts'
import type { IncomingRequest } from './request.ts'

/** Called when it is done: with an error, or with nothing. */
export type Callback = (error?: unknown) => void

/** A request that has a session. */
export interface SessionRequest extends IncomingRequest {
  sessionID?: string | undefined
  session?: Session | null | undefined
  sessionStore?: StoreMethods | undefined
}

/** A session as it is kept: its values, and its cookie. */
export interface KeptSession {
  cookie: CookieData
  [key: string]: unknown
}

/** What answers with a session, or with none. */
export type SessionCallback = (error?: unknown, session?: KeptSession | null) => void

/** The part of Node's EventEmitter that is asked for. */
export interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): this
  once(event: string, listener: (...args: unknown[]) => void): this
  off(event: string, listener: (...args: unknown[]) => void): this
  emit(event: string, ...args: unknown[]): boolean
}

/** The methods of a store, with those that it inherits. */
export interface StoreMethods extends Emitter {
  get(sid: string, callback: SessionCallback): void
  set(sid: string, session: object, callback?: Callback): void
  destroy(sid: string, callback?: Callback): void
  touch?(sid: string, session: object, callback?: Callback): void
  all?(callback: (error: unknown, sessions?: object) => void): void
  length?(callback: (error: unknown, count?: number) => void): void
  clear?(callback?: Callback): void
  /** Puts a new session at `request.session`. The middleware sets it. */
  generate(request: SessionRequest): void
  /** Ends the session of the request, and puts a new one in its place. */
  regenerate(request: SessionRequest, callback: Callback): void
  /** The session of an id, outside of its requests. */
  load(sid: string, callback: (error?: unknown, session?: Session) => void): void
  /** Puts a session that was read at `request.session`. */
  createSession(request: SessionRequest, kept: KeptSession): Session
}

/** Who does what the methods of a session ask for. */
export interface Keeper {
  generate(): void
  save(session: Session, callback?: Callback): void
  reload(session: Session, callback: Callback): void
  regenerate(callback: Callback): void
  destroy(session: Session, callback?: Callback): void
}

const keepers = sideTable<Keeper>()

/** Who keeps the sessions of this request; undefined for one that the middleware has not seen. */
export function keeperOf(request: object): Keeper | undefined {
  return keepers.get(request)
}

/** Names who keeps the sessions of this request. */
export function assignKeeper(request: object, keeper: Keeper): void {
  keepers.set(request, keeper)
}

/** The values are its properties. */
export class Session {
  declare cookie: Cookie
  /** The request that it is the session of. */
  declare readonly req: SessionRequest
  /** The id, as in `request.sessionID`. */
  declare readonly id: string

  /** A session for `request.sessionID` with these values. */
  constructor(request: SessionRequest, values?: object | null) {
    Object.defineProperty(this, 'req', { value: request })
    Object.defineProperty(this, 'id', { value: request.sessionID })
    for (const [key, value] of Object.entries(values ?? {})) {
      if (!(key in this)) Object.assign(this, { [key]: value })
    }
  }

  /** Lets the time of its cookie begin again. The middleware does it at each request. */
  touch(): this {
    return this.resetMaxAge()
  }

  /** As {@link touch}. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }

  /**
   * Saves the session now. What others saved since it was read is merged into it, key by key; one that
   * was destroyed meanwhile stays so.
   */
  save(callback?: Callback): this {
    const keeper = keeperOf(this.req)
    if (keeper) keeper.save(this, callback)
    else this.req.sessionStore?.set(this.id, this, callback)
    return this
  }

  /** Puts the session as it is kept now at `request.session`. */
  reload(callback: Callback): this {
    const { req } = this
    const keeper = keeperOf(req)
    if (keeper) keeper.reload(this, callback)
    else {
      req.sessionStore?.get(this.id, (error, kept) => {
        if (kept) req.sessionStore?.createSession(req, kept)
        callback(error || kept ? error : failedToLoad())
      })
    }
    return this
  }

  /** Ends the session, and takes it from the request. */
  destroy(callback?: Callback): this {
    const keeper = keeperOf(this.req)
    delete this.req.session
    if (keeper) keeper.destroy(this, callback)
    else this.req.sessionStore?.destroy(this.id, callback)
    return this
  }

  /** Ends the session, and puts an empty one with another id at `request.session`. */
  regenerate(callback: Callback): this {
    const keeper = keeperOf(this.req)
    if (keeper) keeper.regenerate(callback)
    else this.req.sessionStore?.regenerate(this.req, callback)
    return this
  }
}

/** What `reload` says of a session that is not kept (any more): express-session's words. */
export function failedToLoad(): Error {
  return new Error('failed to load session')
}
