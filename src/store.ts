/**
 * What a store is: the interface that custom stores implement.
 *
 * @module
 */

import type { RequestLike } from './http/request.ts'
import type { ResponseLike } from './http/response.ts'
import type { Session, Values } from './session.ts'

/**
 * Where sessions come from and go to. To write one, implement `new` and `save`; `get` is
 *
 *     get(request, name) {
 *       return registry(request).get(this, name)
 *     }
 */
export interface Store {
  /**
   * The session of this name, read once a request: a second call answers the same object.
   * Always a session, even a new one. Rejects only when the store itself fails or the name is no
   * cookie name, never because of what the client sent.
   */
  get<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>>

  /** As `get`, but read anew at each call and not part of what `save(request, response)` saves. */
  // Quoted, or it would declare a constructor.
  'new'<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>>

  /** Keeps the session and sets its cookie; with `options.maxAge` of 0 or less, deletes both. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): Promise<void>
}
