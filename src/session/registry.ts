/**
 * The sessions of one request.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import { isCookieName } from '../http/cookie.ts'
import { assertRequest, identityOf, type RequestLike } from '../http/request.ts'
import { type ResponseLike, varyOnCookie } from '../http/response.ts'
import { sharedTables } from '../lib/copies.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { givesHints } from '../lib/warnings.ts'
import type { SessionEvent } from './events.ts'
import { survivable } from './late-save.ts'
import { watchRequest } from './request-checks.ts'
import type { Session } from './session.ts'
import type { Values } from './state.ts'
import type { ReadOptions, Store } from './store.ts'

/**
 * Attached to the request object, so that both are collected together. All copies of the library share them:
 * the adapter of one saves the sessions that a store of another has loaded.
 */
const { own: registries, assertNoOther } = sharedTables<Registry>('silverback.registries')

/**
 * The registry of this request: Go's `GetRegistry`.
 *
 * Throws a TypeError for anything but a request, and a {@link SessionError} `version-mismatch` if an incompatible
 * version of this library has loaded sessions of the request.
 */
export function registry(request: RequestLike): Registry {
  const isObject = typeof request === 'object' && request !== null
  return (isObject && registries.get(request)) || newRegistry(request)
}

function newRegistry(request: RequestLike): Registry {
  assertRequest(request)
  const identity = identityOf(request)
  let found = registries.get(identity)
  if (!found) {
    assertNoOther(identity)
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
 * Everything that was read, rejected and saved for the sessions of this request so far, in order. Accepts any
 * object that represents the request. Events contain no secrets and may be logged.
 */
export function explain(request: object): readonly SessionEvent[] {
  return [...(findRegistry(request)?.events ?? [])]
}

/**
 * Makes other objects represent a request, such as the wrappers of a framework. All of them return the same session
 * object. For adapters.
 */
export function aliasRequest(request: RequestLike, ...aliases: readonly object[]): void {
  const shared = registry(request)
  for (const alias of aliases) registries.set(alias, shared)
}

/**
 * Saves every session that was read for this request, in any store: Go's `sessions.Save`.
 *
 * Tries all of them. Rejects with the failure if there is one, and with a {@link MultiError} of all of them if there
 * are several.
 */
export function save(request: RequestLike, response: ResponseLike): Promise<void> {
  return survivable(() => registry(request).commit(response))
}

/** The maximum number of events that are kept for a request. */
const maxEvents = 100

interface Entry {
  readonly name: string
  readonly store: Store
  /** The session, or the promise of it while it is being read. */
  session: MaybePromise<Session<object>>
  /** Whether it was requested with `readOnly` only, so that it is not saved. */
  isReadOnly: boolean
  /** What requests with `readOnly` receive. */
  view: Session<object> | undefined
}

/** The sessions of one request, by name. */
export class Registry {
  readonly #request: RequestLike
  /** Few requests have more than one session: a list is faster than a map. */
  readonly #entries: Entry[] = []
  #events: SessionEvent[] | undefined
  /** @internal Whether an adapter saves the sessions at the end of the request. */
  hasAdapter = false
  /** @internal Whether an adapter could not save them. The error page is then sent without another attempt. */
  hasFailed = false
  /** @internal Whether a guard has refused the request. Its response is kept out of caches. */
  isRefused = false

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
  ): Promise<Session<Partial<T>>> {
    return this.load<T>(store, name, options)
  }

  /** Like {@link get}, but returns the result itself if there is nothing to wait for. Throws or rejects. */
  load<T extends object = Values>(
    store: Store,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<Partial<T>>> {
    if (options?.readOnly) {
      return this.#view(store, name, options) as MaybePromise<Session<Partial<T>>>
    }
    const entry = this.#find(name)
    if (!entry) return this.#read(store, name, options) as MaybePromise<Session<Partial<T>>>
    if (entry.store !== store) throw storeMismatch(name)
    entry.isReadOnly = false
    const session = options?.fresh ? this.#fresh(store, name, entry.session) : entry.session
    return session as MaybePromise<Session<Partial<T>>>
  }

  /** A view of the session. The session itself is read as always, so that it can be requested later. */
  #view(store: Store, name: string, options: ReadOptions): MaybePromise<Session<object>> {
    const isReadOnly = this.#find(name)?.isReadOnly ?? true
    const session = this.load(store, name, { ...options, readOnly: false })
    const entry = this.#find(name)
    if (entry) entry.isReadOnly = isReadOnly
    return chain(session, loaded => {
      const current = this.#find(name)
      if (current?.session !== loaded) return loaded.asReadOnly()
      current.view ??= loaded.asReadOnly()
      return current.view
    })
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

  /** @internal The sessions that have been read. */
  loaded(): readonly Session<object>[] {
    return this.#entries.flatMap(({ session }) => (isPromise(session) ? [] : [session]))
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
  save(response: ResponseLike): Promise<void> {
    return survivable(() => this.commit(response))
  }

  /**
   * Like {@link save}, but returns undefined if there is nothing to wait for. Throws or rejects as `save` rejects.
   */
  commit(response: ResponseLike): Promise<void> | undefined {
    const failures: (Failure | undefined)[] = []
    let pending: Promise<void>[] | undefined
    let index = 0
    for (const { name, store, session, isReadOnly } of this.#entries) {
      const at = index++
      try {
        if (isReadOnly) {
          varyOnCookie(response)
          continue
        }
        const saving = isPromise(session)
          ? session.then(loaded => commitTo(store, this.#request, response, loaded))
          : commitTo(store, this.#request, response, session)
        if (!isPromise(saving)) continue
        pending ??= []
        pending.push(
          saving.catch(error => {
            failures[at] = { name, error }
          }),
        )
      } catch (error) {
        failures[at] = { name, error }
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
    assertSessionName(name)
    if (givesHints()) watchRequest(this.#request, this)
    const session = store.load
      ? store.load(this.#request, name, options)
      : store.new(this.#request, name, options)
    const entry: Entry = { name, store, session, isReadOnly: false, view: undefined }
    const known = this.#find(name)
    if (known) {
      entry.isReadOnly = known.isReadOnly
      this.#entries.splice(this.#entries.indexOf(known), 1, entry)
    } else {
      this.#entries.push(entry)
    }
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

/** A session that could not be saved. */
interface Failure {
  readonly name: string
  readonly error: unknown
}

function throwFailures(sparse: readonly (Failure | undefined)[]): void {
  const failures = sparse.filter(failure => failure !== undefined)
  const [first] = failures
  if (!first) return
  if (failures.length > 1) throw new MultiError(failures.map(saveFailure))
  throw first.error instanceof SessionError || first.error instanceof MultiError
    ? first.error
    : saveFailure(first)
}

function storeMismatch(name: string): SessionError {
  return new SessionError(
    'store-mismatch',
    `session "${name}" belongs to another store in this request; give the sessions of each store different names`,
  )
}

/** Throws a {@link SessionError} `invalid-name` for a name that a cookie cannot have. */
export function assertSessionName(name: string): void {
  if (isCookieName(name)) return
  throw new SessionError(
    'invalid-name',
    `invalid character in cookie name: ${JSON.stringify(name)}`,
  )
}

function saveFailure({ name, error: cause }: Failure): SessionError {
  const first = cause instanceof MultiError ? cause.errors[0] : cause
  const code = first instanceof SessionError ? first.code : 'store-failed'
  const message = cause instanceof Error ? cause.message : 'unknown failure'
  return new SessionError(code, `error saving session "${name}": ${message}`, { cause })
}
