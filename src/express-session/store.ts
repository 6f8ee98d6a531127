/**
 * What stores for express-session are built on.
 *
 * @module
 */

import { EventEmitter } from 'node:events'
import { memory } from '../backends/memory.ts'
import { toExpressStore } from '../backends/to-express-store.ts'
import { Cookie } from './cookie.ts'
import {
  type Callback,
  type Emitter,
  type KeptSession,
  Session,
  type SessionCallback,
  type SessionRequest,
  type StoreMethods,
} from './session.ts'

export type { Emitter, KeptSession, SessionCallback } from './session.ts'

/** A store made for express-session, of whoever's. Those of express-session's own kind fit. */
export interface StoreLike {
  get(sid: string, callback: (error?: unknown, session?: unknown) => void): unknown
  set(sid: string, session: never, callback?: Callback): unknown
  destroy(sid: string, callback?: Callback): unknown
  touch?(sid: string, session: never, callback?: () => void): unknown
  on?(event: string, listener: () => void): unknown
}

/** The class to derive stores from, with what they inherit. */
export interface Store extends StoreMethods {}

/** What a store has to bring along. */
type Own = 'get' | 'set' | 'destroy'

const Inherited = EventEmitter as unknown as new () => Emitter & Pick<Store, Own | 'generate'>

abstract class StoreClass extends Inherited {
  regenerate(request: SessionRequest, callback: Callback): void {
    this.destroy(request.sessionID as string, error => {
      this.generate(request)
      callback(error)
    })
  }

  load(sid: string, callback: (error?: unknown, session?: Session) => void): void {
    this.get(sid, (error, kept) => {
      if (error || !kept) return callback(error)
      const request = { headers: {}, sessionID: sid, sessionStore: this as unknown as Store }
      callback(undefined, this.createSession(request, kept))
    })
  }

  createSession(request: SessionRequest, kept: KeptSession): Session {
    kept.cookie = new Cookie(kept.cookie)
    request.session = new Session(request, kept)
    return request.session
  }
}

/** The class `Store`. Stores of the old style call it without `new`. */
export const Store: abstract new () => Omit<Store, Own | 'touch' | 'all' | 'length' | 'clear'> =
  new Proxy(StoreClass, {
    apply: (_, store) => Reflect.apply(EventEmitter, store, []),
  })

/** A store in the memory of this process, bounded as `silverback/memory` is. */
export class MemoryStore extends Store {
  readonly #store = toExpressStore(Store as abstract new () => Required<Store>, memory())

  get(sid: string, callback: SessionCallback): void {
    this.#store.get(sid, callback)
  }

  set(sid: string, session: object, callback?: Callback): void {
    this.#store.set(sid, session, callback)
  }

  touch(sid: string, session: object, callback?: Callback): void {
    this.#store.touch(sid, session, callback)
  }

  destroy(sid: string, callback?: Callback): void {
    this.#store.destroy(sid, callback)
  }

  all(callback: (error: unknown, sessions?: object) => void): void {
    this.#store.all(callback)
  }

  length(callback: (error: unknown, count?: number) => void): void {
    this.#store.length(callback)
  }

  clear(callback?: Callback): void {
    this.#store.clear(callback)
  }
}
