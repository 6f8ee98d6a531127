/**
 * The session of a request with express-session's methods: `request.session`.
 *
 * @module
 */

import { beside } from '../lib/beside.ts'
import type { Cookie } from './cookie.ts'
import type { IncomingRequest } from './request.ts'
import type { Store } from './store.ts'

/** Called when it is done: with an error, or with nothing. */
export type Callback = (error?: unknown) => void

/** A request that has a session. */
export interface SessionRequest extends IncomingRequest {
  sessionID?: string | undefined
  session?: Session | null | undefined
  sessionStore?: Store | undefined
}

/** Who does what the methods of a session ask for. */
export interface Keeper {
  generate(): void
  save(session: Session, callback?: Callback): void
  reload(session: Session, callback: Callback): void
  regenerate(callback: Callback): void
  destroy(session: Session, callback?: Callback): void
}

const keepers = beside<Keeper>()

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
