/**
 * What a store is: the interface that custom stores implement.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import type { Session, SessionSaver, Values } from './session.ts'

/** How a session is read. */
export interface ReadOptions {
  /**
   * Ask the place that keeps sessions, even where a copy in the browser would do: stores that keep such
   * copies answer from it for a while. Default false.
   */
  fresh?: boolean
}

/** What a store can do with its sessions. */
export type Capability =
  /** Keeps what is said beside the values: `owner`, `label`, when the owner signed in. */
  | 'metadata'
  /** Keeps lifetimes of a definition, and of a single session. */
  | 'lifetimes'
  /** Merges what two requests changed at once. */
  | 'merging'
  /** Ends sessions for good: a copy of the cookie is worth nothing after `destroy` and `rotate`. */
  | 'revocation'
  /** Ends all sessions of an owner: `revokeAll`. */
  | 'owners'
  /** Lists the sessions of an owner: `sessionsOf`. */
  | 'listing'

/**
 * Where sessions come from and go to. To write one, implement `new` and `save`; `get` is
 *
 *     get(request, name) {
 *       return registry(request).get(this, name)
 *     }
 */
export interface Store extends SessionSaver {
  /** What it can do beside reading and saving. Left out: nothing. */
  readonly capabilities?: ReadonlySet<Capability>

  /**
   * The session of this name, read once a request: a second call answers the same object.
   * Always a session, even a new one. Rejects only when the store itself fails or the name is no
   * cookie name, never because of what the client sent.
   */
  get<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>>

  /** As `get`, but read anew at each call and not part of what `save(request, response)` saves. */
  // Quoted, or it would declare a constructor.
  'new'<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>>

  /** Keeps the session and sets its cookie; with `options.maxAge` of 0 or less, deletes both. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): Promise<void>

  /**
   * As `save`, where there is nothing to write: at once, so that adapters need not let the response
   * wait. Answers false, and has done nothing, for every other session. Left out: all are saved.
   */
  saveAtOnce?(request: RequestLike, response: ResponseLike, session: Session<object>): boolean

  /**
   * Takes the messages under `key` out of what is kept of the session before it answers, so that no
   * other request gets them; answers them with those that this request added, and removes them from
   * the session's values. For stores that can; without it, messages are taken when the session is
   * saved.
   */
  takeFlashes?(session: Session<object>, key: string): Promise<unknown[]>
}
