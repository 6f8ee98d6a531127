/**
 * The sessions of one request.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import { isCookieName } from '../http/cookie.ts'
import { assertRequest, identityOf, type RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { sideTable } from '../lib/side-table.ts'
import type { SessionEvent } from './events.ts'
import type { Session } from './session.ts'
import type { Values } from './state.ts'
import type { ReadOptions, Store } from './store.ts'

/** Attached to the request object, so that both are collected together. */
const registries = sideTable<Registry>()

/** The registry of this request: Go's `GetRegistry`. Throws a TypeError for anything but a request. */
export function registry(request: RequestLike): Registry {
  const isObject = typeof request === 'object' && request !== null
  return (isObject && registries.get(request)) || newRegistry(request)
}

function newRegistry(request: RequestLike): Registry {
  assertRequest(request)
  const identity = identityOf(request)
  let found = registries.get(identity)
  if (!found) {
    found = new Registry(request)
    registries.set(identity, found)
  }
  return found
}

/** The registry of an object that stands for a request, if there is one. */
export function findRegistry(request: object): Registry | undefined {
  return registries.get(request) ?? registries.get(identityOf(request))
}

/**
 * Everything that was read, rejected and saved for the sessions of this request so far, in order. Any object
 * that stands for the request will do. Events hold no secrets and may be logged.
 */
export function explain(request: object): readonly SessionEvent[] {
  return [...(findRegistry(request)?.events ?? [])]
}

/**
 * Makes other objects stand for a request, such as the wrappers of a framework. A session is the same object
 * whichever of them it was requested with. For adapters.
 */
export function aliasRequest(request: RequestLike, ...aliases: readonly object[]): void {
  const shared = registry(request)
  for (const alias of aliases) registries.set(alias, shared)
}

/**
 * Saves every session that was read for this request, in whatever store: Go's `sessions.Save`.
 *
 * Tries all of them, and rejects with a {@link MultiError} of every failure.
 */
export async function save(request: RequestLike, response: ResponseLike): Promise<void> {
  await registry(request).commit(response)
}

/** How many events of a request are kept, whatever its handler does. */
const maxEvents = 100

interface Entry {
  readonly name: string
  readonly store: Store
  /** The session, or the promise of it while it is being read. */
  session: MaybePromise<Session<object>>
}

/** The sessions of one request, by name. */
export class Registry {
  readonly #request: RequestLike
  /** Few requests have more than one session: a list is faster than a map. */
  readonly #entries: Entry[] = []
  #events: SessionEvent[] | undefined

  constructor(request: RequestLike) {
    this.#request = request
  }

  /**
   * The session of this name: from `store.new` the first time, and the same object from then on.
   *
   * Rejects with a {@link SessionError} `invalid-name` or `store-mismatch`, or when the store fails.
   */
  async get<T extends object = Values>(
    store: Store,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    return this.load<T>(store, name, options)
  }

  /** Like {@link get}, but synchronous where nothing has to be waited for. Throws or rejects. */
  load<T extends object = Values>(
    store: Store,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<T>> {
    const entry = this.#find(name)
    if (!entry) return this.#read(store, name, options) as MaybePromise<Session<T>>
    if (entry.store !== store) throw storeMismatch(name)
    const session = options?.fresh ? this.#fresh(store, name, entry.session) : entry.session
    return session as MaybePromise<Session<T>>
  }

  /** The session, or a new read if the first one came from a read cache in the browser. */
  async #fresh(
    store: Store,
    name: string,
    session: MaybePromise<Session<object>>,
  ): Promise<Session<object>> {
    const known = await session
    if (!known.isCopy) return known
    const current = this.#find(name)?.session
    // Another call may have read it meanwhile.
    const isReplaced = current !== undefined && current !== session && current !== known
    return isReplaced ? current : this.#read(store, name, { fresh: true })
  }

  /** The number of sessions. */
  get size(): number {
    return this.#entries.length
  }

  /** @internal The events of this request, in order. */
  get events(): readonly SessionEvent[] {
    return this.#events ?? []
  }

  /** @internal Records an event for {@link explain}. */
  note(event: SessionEvent): void {
    this.#events ??= []
    if (this.#events.length < maxEvents) this.#events.push(event)
  }

  /** Like the function {@link save}, for the request of this registry. */
  async save(response: ResponseLike): Promise<void> {
    await this.commit(response)
  }

  /**
   * Like {@link save}, but synchronous where nothing has to be waited for: returns undefined if everything is
   * done. Throws or rejects with a {@link MultiError}.
   */
  commit(response: ResponseLike): Promise<void> | undefined {
    const failures: (Error | undefined)[] = []
    let pending: Promise<void>[] | undefined
    let index = 0
    for (const { name, store, session } of this.#entries) {
      const at = index++
      try {
        const saving = isPromise(session)
          ? session.then(loaded => commitTo(store, this.#request, response, loaded))
          : commitTo(store, this.#request, response, session)
        if (!isPromise(saving)) continue
        pending ??= []
        pending.push(
          saving.catch(error => {
            failures[at] = saveFailure(name, error)
          }),
        )
      } catch (error) {
        failures[at] = saveFailure(name, error)
      }
    }
    if (pending) return Promise.all(pending).then(() => throwFailures(failures))
    throwFailures(failures)
    return undefined
  }

  #find(name: string): Entry | undefined {
    for (const entry of this.#entries) if (entry.name === name) return entry
    return undefined
  }

  #read(store: Store, name: string, options?: ReadOptions): MaybePromise<Session<object>> {
    if (!isCookieName(name)) throw invalidName(name)
    const session = store.load
      ? store.load(this.#request, name, options)
      : store.new(this.#request, name, options)
    const entry: Entry = { name, store, session }
    const known = this.#find(name)
    if (known) this.#entries.splice(this.#entries.indexOf(known), 1, entry)
    else this.#entries.push(entry)
    return isPromise(session) ? this.#settle(entry, session) : session
  }

  /** Keeps the session once it is there. A store that failed is asked again the next time. */
  async #settle(entry: Entry, reading: Promise<Session<object>>): Promise<Session<object>> {
    try {
      const session = await reading
      entry.session = session
      return session
    } catch (error) {
      const at = this.#entries.indexOf(entry)
      if (at >= 0) this.#entries.splice(at, 1)
      throw error
    }
  }
}

function commitTo(
  store: Store,
  request: RequestLike,
  response: ResponseLike,
  session: Session<object>,
): MaybePromise<void> {
  return store.commit
    ? store.commit(request, response, session)
    : store.save(request, response, session)
}

function throwFailures(failures: readonly (Error | undefined)[]): void {
  if (failures.length > 0) throw new MultiError(failures.filter(failure => failure !== undefined))
}

function storeMismatch(name: string): SessionError {
  return new SessionError(
    'store-mismatch',
    `session "${name}" belongs to another store in this request; give the sessions of each store different names`,
  )
}

function invalidName(name: string): SessionError {
  return new SessionError(
    'invalid-name',
    `invalid character in cookie name: ${JSON.stringify(name)}`,
  )
}

function saveFailure(name: string, cause: unknown): SessionError {
  const first = cause instanceof MultiError ? cause.errors[0] : cause
  const code = first instanceof SessionError ? first.code : 'store-failed'
  const message = cause instanceof Error ? cause.message : 'unknown failure'
  return new SessionError(code, `error saving session "${name}": ${message}`, { cause })
}
