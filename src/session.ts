/**
 * A session: what is kept of one visitor between requests.
 *
 * @module
 */

import type { Renewal } from './codec/codec.ts'
import type { RequestLike } from './http/request.ts'
import type { ResponseLike } from './http/response.ts'
import { type Keyed, keyed } from './keyed.ts'
import type { Options } from './options.ts'
import type { Store } from './store.ts'

/** What a session holds, unless it is typed: `store.get<{ userId?: number }>(request, 'login')`. */
export type Values = Record<string, unknown>

/** Why a session is new although the visitor may have had one. */
export type Reason =
  /** The request has no cookie of the name. */
  | 'no-cookie'
  /** The cookie is not in the form that this store writes. */
  | 'malformed'
  /** The cookie is longer than the store reads. */
  | 'too-large'
  /** The cookie was made with a key that the store does not have (any more). */
  | 'unknown-key'
  /** No key of the store signed this cookie under this name. */
  | 'bad-mac'
  /** The session is older than allowed. */
  | 'expired'
  /** The session is younger than allowed: the clocks of two machines differ. */
  | 'too-new'
  /** Nothing is kept under the id in the cookie. */
  | 'unknown-id'

/** The key under which `flashes()` and `addFlash()` keep their messages: gorilla's. */
export const flashKey = '_flash'

/** What a store knows of a session when it makes one. */
export interface SessionState<T extends object = Values> {
  /** Cookie attributes; the session keeps a copy. */
  options: Options
  /** Id under which the store keeps the data, for stores that have ids. */
  id?: string | undefined
  /** The data read. Left out: none. */
  values?: T | undefined
  /** Why it is new. Left out: it is not. */
  reason?: Reason | undefined
  /** Why the next save writes it although nothing changed. Left out: it does not. */
  renewal?: Renewal | undefined
  /** Whose session it is. Left out: nobody's. */
  owner?: string | undefined
}

/** Changes to a session that commute with those of another request. */
export interface MergeableChanges {
  /** Keys of lists that messages were added to or taken from. */
  readonly lists: ReadonlySet<string>
  /** By how much the numbers under these keys grew. */
  readonly increments: ReadonlyMap<string, number>
}

/**
 * One session of one request. Stores make it: `await store.get(request, 'name')`.
 */
export class Session<T extends object = Values> {
  /** The name of the session and of its cookie. */
  readonly name: string
  /** The store that it came from and is saved to. */
  readonly store: Store
  /** True when nothing was read for it: the visitor is new, or {@link reason} tells otherwise. */
  readonly isNew: boolean
  /** Why it is new; undefined when it is not. */
  readonly reason: Reason | undefined
  /** Why the next save writes it although nothing changed; undefined when it does not. */
  readonly renewal: Renewal | undefined
  /** The data: whatever the store's serializer carries. */
  values: T
  /** Attributes of the cookie, for this session alone: `session.options.maxAge = 30 * 86_400`. */
  options: Options
  /**
   * Whose session it is, for stores that find sessions by owner: `session.owner = user.id`. Kept
   * beside the values.
   */
  owner: string | undefined
  #id: string | undefined
  readonly #lists = new Set<string>()
  readonly #increments = new Map<string, number>()

  /** For custom stores. */
  constructor(store: Store, name: string, state: SessionState<T>) {
    this.store = store
    this.name = name
    this.options = { ...state.options }
    this.values = state.values ?? ({} as T)
    this.isNew = state.reason !== undefined
    this.reason = state.reason
    this.renewal = state.renewal
    this.owner = state.owner
    this.#id = state.id
  }

  /** The id under which the store keeps the data; undefined before the first save, or without ids. */
  get id(): string | undefined {
    return this.#id
  }

  /** Gives the session its id. For custom stores; an id must never come from the client. */
  static assignId(session: Session<object>, id: string | undefined): void {
    session.#id = id
  }

  /**
   * The changes that two requests can both make, for stores that merge: the lists that messages were
   * added to or taken from, and how much numbers grew. For custom stores.
   */
  static mergeableChanges(session: Session<object>): MergeableChanges {
    return { lists: session.#lists, increments: session.#increments }
  }

  /** Begins a new list of changes, when a store has saved the ones so far. For custom stores. */
  static forgetChanges(session: Session<object>): void {
    session.#lists.clear()
    session.#increments.clear()
  }

  /**
   * The entries whose keys are not strings, apart from `values`: `session.keyed.set(42, 43)`.
   * Go programs have them; of the serializers, gob carries them.
   */
  get keyed(): Map<unknown, unknown> {
    const values = this.values as Keyed
    values[keyed] ??= new Map()
    return values[keyed]
  }

  /**
   * The flash messages added so far, oldest first, and forgets them: each is read once.
   *
   * @param key - a list of its own beside the default one
   * @throws TypeError when the value under `key` is not a list
   */
  flashes<Message = unknown>(key: string = flashKey): Message[] {
    const messages = this.#flashList(key)
    this.#lists.add(key)
    delete (this.values as Values)[key]
    return messages as Message[]
  }

  /**
   * Adds a message that lasts until {@link flashes} reads it, in this request or a later one.
   *
   * @param key - a list of its own beside the default one
   * @throws TypeError when the value under `key` is not a list
   */
  addFlash(message: unknown, key: string = flashKey): void {
    this.#set(key, [...this.#flashList(key), message])
    this.#lists.add(key)
  }

  /**
   * Adds `by` to the number under `key`, which counts as 0 when it is missing. Two requests that count
   * at once are both counted, in stores that keep sessions on the server.
   *
   * @returns the new number
   * @throws TypeError when the value under `key` is not a number
   */
  increment(key: string, by = 1): number {
    const current = Object.hasOwn(this.values, key) ? (this.values as Values)[key] : 0
    if (typeof current !== 'number') {
      throw new TypeError(`values.${key} is not a number and cannot be incremented`)
    }
    this.#set(key, current + by)
    this.#increments.set(key, (this.#increments.get(key) ?? 0) + by)
    return current + by
  }

  /**
   * Saves the session and sets its cookie, before the body is written.
   *
   * Rejects with a SessionError or MultiError when it cannot be saved; then no cookie is set.
   */
  save(request: RequestLike, response: ResponseLike): Promise<void> {
    return this.store.save(request, response, this)
  }

  /** Without id and data: sessions end up in logs. */
  toJSON(): { name: string; isNew: boolean; reason?: Reason } {
    const { name, isNew, reason } = this
    return reason === undefined ? { name, isNew } : { name, isNew, reason }
  }

  /** As {@link toJSON}, for `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Session ${JSON.stringify(this)}`
  }

  /** Not an assignment: the key may be any string, `__proto__` included. */
  #set(key: string, value: unknown): void {
    Object.defineProperty(this.values, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }

  #flashList(key: string): unknown[] {
    const messages = Object.hasOwn(this.values, key) ? (this.values as Values)[key] : []
    if (!Array.isArray(messages)) {
      throw new TypeError(`values.${key} is not a list of flash messages; use another key`)
    }
    return messages
  }
}
