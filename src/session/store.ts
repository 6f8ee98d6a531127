/**
 * The contract of a store.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { Session, SessionSaver } from './session.ts'
import type { Values } from './state.ts'

/** How a session is read. */
export interface ReadOptions {
  /** Read from the backend even if the browser has a copy of the session. Default false. */
  fresh?: boolean
  /**
   * Return a view of the session that throws on changes, with a SessionError `read-only`. The session is neither
   * saved nor renewed, unless the request also gets it without this option. Default false.
   */
  readOnly?: boolean
  /**
   * Aborts the read: then `get` rejects with the reason of the signal. Default: the signal of the request, if it
   * is a web `Request` of the runtime. Writes are never aborted.
   */
  signal?: AbortSignal | undefined
}

/** What a store can do with its sessions. */
export type Capability =
  /** Stores metadata with the values: `owner`, `label`, when the owner signed in. */
  | 'metadata'
  /** Stores lifetimes of a definition, and of a single session. */
  | 'lifetimes'
  /** Merges the changes of concurrent requests. */
  | 'merging'
  /** Lets one request of a session at a time run a task: `session.exclusive`. */
  | 'exclusive'
  /** Revokes sessions: a copy of the cookie is worthless after `destroy` and `rotate`. */
  | 'revocation'
  /** Ends all sessions of an owner: `revokeAll`. */
  | 'owners'
  /** Lists the sessions of an owner: `sessionsOf`. */
  | 'listing'
  /** Lists all sessions: `sessions`. */
  | 'enumeration'

/**
 * Where sessions come from and go to. Most custom stores are a `SessionStore` over a `Persistence` and
 * implement nothing of this. A store written from scratch implements `new` and `save`, and `get` as
 *
 *     get(request, name, options) {
 *       return registry(request).get(this, name, options)
 *     }
 */
export interface Store extends SessionSaver {
  /** What it can do besides reading and saving. Default: nothing. */
  readonly capabilities?: ReadonlySet<Capability>

  /** The request header that it reads sessions from, in lower case. undefined: cookies. */
  readonly header?: string | undefined

  /**
   * The session of this name. It is read once per request; further calls return the same object. It is
   * always a session, even if an empty one: only a failing store or an invalid name rejects, never what the
   * client sent. Nothing checks the values against the type, so any key can be missing. The option `schema`
   * of `defineSession` checks them.
   */
  get<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<Partial<T>>>

  /** Like `get`, but read again at each call, and not saved by `save(request, response)`. */
  // Quoted: an unquoted `new` would declare a constructor.
  'new'<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<Partial<T>>>

  /** Saves the session and sets its cookie; deletes both if `options.maxAge` is 0 or less. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): MaybePromise<void>

  /** Like `new`, but returns the result itself if there is nothing to wait for. Optional. */
  load?<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<Partial<T>>>
}
