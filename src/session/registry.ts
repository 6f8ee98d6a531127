/**
 * The sessions of one request.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import { isCookieName } from '../http/cookie.ts'
import { assertRequest, identityOf, type RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { sideTable } from '../lib/side-table.ts'
import type { SessionEvent } from './events.ts'
import type { Session, Values } from './session.ts'
import type { ReadOptions, Store } from './store.ts'

/** Held by the request object itself: they go together, and no list of requests exists. */
const registries = sideTable<Registry>()

/** The registry of this request: Go's `GetRegistry`. */
export function registry(request: RequestLike): Registry {
  assertRequest(request)
  const identity = identityOf(request)
  let found = registries.get(identity)
  if (!found) {
    found = new Registry(request)
    registries.set(identity, found)
  }
  return found
}

/** The registry of what stands for a request, if there is one. */
export function findRegistry(request: object): Registry | undefined {
  return registries.get(request) ?? registries.get(identityOf(request))
}

/**
 * Everything that was read, rejected and saved for the sessions of this request so far, in order. Any
 * object that stands for the request will do. It holds no secrets and may be logged.
 */
export function explain(request: object): readonly SessionEvent[] {
  return [...(findRegistry(request)?.events ?? [])]
}

/**
 * Lets other objects stand for a request: those that a framework wraps around it. Whichever of them a
 * session is asked for with, it is the same session, and saved with the others. For adapters.
 */
export function aliasRequest(request: RequestLike, ...aliases: readonly object[]): void {
  const shared = registry(request)
  for (const alias of aliases) registries.set(alias, shared)
}

/**
 * Saves every session that was got for this request, whatever its store: Go's `sessions.Save`.
 *
 * All are tried. Rejects with a {@link MultiError} of every failure.
 */
export function save(request: RequestLike, response: ResponseLike): Promise<void> {
  return registry(request).save(response)
}

/** Most events kept of a request: enough to explain it, whatever its handler does. */
const keptEvents = 100

interface Entry {
  readonly store: Store
  readonly session: Promise<Session<object>>
  /** The same, once it is there. */
  loaded?: Session<object>
}

/** The sessions of one request, by name. */
export class Registry {
  readonly #request: RequestLike
  readonly #entries = new Map<string, Entry>()
  readonly #events: SessionEvent[] = []

  constructor(request: RequestLike) {
    this.#request = request
  }

  /**
   * The session of this name, from `store.new` the first time and the same object after that.
   *
   * Rejects with a {@link SessionError}: `invalid-name`, `store-mismatch`.
   */
  get<T extends object = Values>(
    store: Store,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    const entry = this.#entries.get(name)
    if (entry && entry.store !== store) {
      return Promise.reject(
        new SessionError(
          'store-mismatch',
          `session "${name}" belongs to another store in this request; give each store names of its own`,
        ),
      )
    }
    const session = entry?.session ?? this.#read(store, name, options)
    return (options?.fresh ? this.#fresh(store, name, session) : session) as Promise<Session<T>>
  }

  /** The session, or another in its place when a copy in the browser was good enough for the first. */
  async #fresh(
    store: Store,
    name: string,
    session: Promise<Session<object>>,
  ): Promise<Session<object>> {
    if (!(await session).isCopy) return session
    const current = this.#entries.get(name)?.session
    // Another call may have read it meanwhile.
    return current === session ? this.#read(store, name, { fresh: true }) : (current ?? session)
  }

  /** How many sessions there are. */
  get size(): number {
    return this.#entries.size
  }

  /** @internal What stores said of this request, in order. */
  get events(): readonly SessionEvent[] {
    return this.#events
  }

  /** @internal Remembers what a store says. */
  note(event: SessionEvent): void {
    if (this.#events.length < keptEvents) this.#events.push(event)
  }

  /** As {@link save}, for the request of this registry. */
  save(response: ResponseLike): Promise<void> {
    return this.#save([...this.#entries], response)
  }

  /**
   * As {@link save}, but what takes no waiting is done when this returns. Undefined when that was all.
   */
  saveSoon(response: ResponseLike): Promise<void> | undefined {
    const waiting = [...this.#entries].filter(
      ([, { store, loaded }]) => !loaded || !this.#isSavedAtOnce(store, loaded, response),
    )
    return waiting.length > 0 ? this.#save(waiting, response) : undefined
  }

  /** False also for a session that throws: saving it once more reports why, without stopping the others. */
  #isSavedAtOnce(store: Store, session: Session<object>, response: ResponseLike): boolean {
    try {
      return store.saveAtOnce?.(this.#request, response, session) ?? false
    } catch {
      return false
    }
  }

  async #save(entries: readonly [string, Entry][], response: ResponseLike): Promise<void> {
    const results = await Promise.allSettled(
      entries.map(async ([name, { store, session }]) => {
        try {
          await store.save(this.#request, response, await session)
        } catch (cause) {
          throw saveFailure(name, cause)
        }
      }),
    )
    const failures = results.flatMap(result =>
      result.status === 'rejected' ? [result.reason as Error] : [],
    )
    if (failures.length > 0) throw new MultiError(failures)
  }

  #read(store: Store, name: string, options?: ReadOptions): Promise<Session<object>> {
    const session = this.#load(store, name, options)
    this.#entries.set(name, { store, session })
    return session
  }

  async #load(store: Store, name: string, options?: ReadOptions): Promise<Session<object>> {
    try {
      if (!isCookieName(name)) throw invalidName(name)
      const session = await store.new(this.#request, name, options)
      const entry = this.#entries.get(name)
      if (entry) entry.loaded = session
      return session
    } catch (error) {
      // A store that failed may work the next time it is asked.
      await undefined
      this.#entries.delete(name)
      throw error
    }
  }
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
