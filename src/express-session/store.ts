/**
 * The class `Store`, which stores for express-session extend, and `MemoryStore`.
 *
 * @module
 */

import { EventEmitter } from 'node:events'
import { memory } from '../backends/memory.ts'
import { expressStoreOf } from '../backends/to-express-store.ts'
import { Cookie } from './cookie.ts'
import {
  type Callback,
  type Emitter,
  Session,
  type SessionCallback,
  type SessionRequest,
  type StoredSession,
  type StoreMethods,
} from './session.ts'

export type { Emitter, SessionCallback, StoredSession } from './session.ts'

/** Any store made for express-session. */
export interface StoreLike {
  get(sid: string, callback: (error?: unknown, session?: unknown) => void): unknown
  set(sid: string, session: never, callback?: Callback): unknown
  destroy(sid: string, callback?: Callback): unknown
  touch?(sid: string, session: never, callback?: () => void): unknown
  on?(event: string, listener: () => void): unknown
}

/** The base class of stores, with the methods that they inherit. */
export interface Store extends StoreMethods {}

/** Methods that each store has to implement. */
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
    this.get(sid, (error, stored) => {
      if (error || !stored) return callback(error)
      const request = { headers: {}, sessionID: sid, sessionStore: this as unknown as Store }
      callback(undefined, this.createSession(request, stored))
    })
  }

  createSession(request: SessionRequest, stored: StoredSession): Session {
    stored.cookie = new Cookie(stored.cookie)
    request.session = new Session(request, stored)
    return request.session
  }
}

/** The class `Store`. Older stores call it without `new`, as the constructor functions that they are. */
export const Store: abstract new () => Omit<Store, Own | 'touch' | 'all' | 'length' | 'clear'> =
  new Proxy(StoreClass, {
    apply: (_, store) => Reflect.apply(EventEmitter, store, []),
  })

/** Seconds to keep a session whose cookie has no expiry: 24 hours. */
const defaultTtl = 86_400

/** A store in memory. Sessions expire to the millisecond, as in express-session's `MemoryStore`. */
export function memoryStore(ttl: number = defaultTtl): Required<Store> {
  const now = (): number => Date.now() / 1000
  return expressStoreOf(Store as abstract new () => Required<Store>, {
    backend: memory({ now }),
    ttl,
    now,
    round: seconds => seconds,
  })
}

/** A store in the memory of this process, with the size limit of `silverback/memory`. */
export class MemoryStore extends Store {
  readonly #store = memoryStore()

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
