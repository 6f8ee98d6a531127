/**
 * Loads and saves the sessions of one request, for every adapter.
 *
 * @module
 */

import type { RequestLike } from '../../http/request.ts'
import { forbidCaching, type ResponseLike, varyOnCookie } from '../../http/response.ts'
import { describeKind } from '../../lib/describe.ts'
import { isPromise, type MaybePromise } from '../../lib/maybe-promise.ts'
import { givesHints, warnOnce } from '../../lib/warnings.ts'
import { type Registry, registry } from '../../session/registry.ts'
import { watchLateChanges } from '../../session/request-checks.ts'
import { loadFrom, type SessionOf, type SessionSource } from '../../session/session-source.ts'
import { type AdapterOptions, assertAdapterOptions } from './options.ts'
import { watchUnset } from './unset-session.ts'

/** Several sources. The keys name their sessions in the app. */
export type SessionSources = Readonly<Record<string, SessionSource<object>>>

/** The sessions of several sources, under the same keys. */
export type SessionsOf<Sources> = { readonly [Name in keyof Sources]: SessionOf<Sources[Name]> }

/** What a handler receives: one session for one source, an object of sessions for several. */
export type SessionOrSessions<Sources> =
  Sources extends SessionSource<object> ? SessionOf<Sources> : SessionsOf<Sources>

/** What an adapter passes to a handler: nothing with the option `lazy`. */
export type SessionArguments<Sources, Lazy extends boolean = false> = [Lazy] extends [true]
  ? []
  : [session: SessionOrSessions<Sources>]

/**
 * What an adapter adds to a framework's request: `session` for one source, `sessions` for several, and nothing
 * with the option `lazy`.
 */
export type SessionFields<Sources, Lazy extends boolean = false> = [Lazy] extends [true]
  ? Record<never, never>
  : Sources extends SessionSource<object>
    ? { session: SessionOf<Sources> }
    : { sessions: SessionsOf<Sources> }

/** The framework-independent part of an adapter. */
export class RequestSessions<Sources extends SessionSource<object> | SessionSources> {
  /** The property under which an adapter exposes the result of {@link open}. */
  readonly key: 'session' | 'sessions'
  /** Whether a handler loads the sessions that it needs. {@link open} then loads none. */
  readonly isLazy: boolean
  readonly #sources: Sources
  readonly #discardOnError: boolean

  /** Throws a TypeError for invalid sources, and for unknown or invalid options. */
  constructor(sources: Sources, options: AdapterOptions = {}) {
    assertAdapterOptions(options)
    this.key = isSource(sources) ? 'session' : 'sessions'
    if (!isSource(sources)) assertSources(sources)
    this.#sources = sources
    this.isLazy = options.lazy === true
    this.#discardOnError = options.saveOnError === 'discard'
  }

  /**
   * Loads the session, or the sessions, for the handler; nothing with the option `lazy`. Rejects if a store
   * fails.
   */
  open(request: RequestLike): MaybePromise<SessionOrSessions<Sources> | undefined> {
    // A source of an incompatible copy then fails here, and not at the save, after the handler has run.
    registry(request).hasAdapter = true
    return this.isLazy ? undefined : this.load(request)
  }

  /** Loads the session, or the sessions. Rejects if a store fails. */
  load(request: RequestLike): MaybePromise<SessionOrSessions<Sources>> {
    const sources: SessionSource<object> | SessionSources = this.#sources
    if (isSource(sources))
      return loadFrom(sources, request) as MaybePromise<SessionOrSessions<Sources>>
    const entries = Object.entries(sources).map(
      ([key, source]) => [key, loadFrom(source, request)] as const,
    )
    if (!entries.some(([, session]) => isPromise(session))) {
      return Object.fromEntries(entries) as SessionOrSessions<Sources>
    }
    return Promise.all(entries.map(async ([key, session]) => [key, await session])).then(
      loaded => Object.fromEntries(loaded) as SessionOrSessions<Sources>,
    )
  }

  /** Sets `target.session` or `target.sessions` to what {@link open} has returned, unless that is nothing. */
  expose(target: object, opened: object | undefined): void {
    const { key } = this
    if (opened) (target as { session?: object; sessions?: object })[key] = opened
    else if (givesHints()) watchUnset(target, key, () => warnOfLazy(key))
  }

  /**
   * Saves every session of the request, including those loaded without this adapter. Call it before the
   * head is sent. Returns undefined if there is nothing to wait for. Throws or rejects if a session cannot be
   * saved. The error page then calls this again, and so may another adapter of the request: nothing is saved.
   *
   * An error page may depend on sessions even if they are not saved, so it is kept out of caches.
   *
   * @param status - the status of the response
   */
  save(request: RequestLike, response: ResponseLike, status: number): Promise<void> | undefined {
    const sessions = registry(request)
    if (sessions.isRefused) keepPrivate(response)
    if (!sessions.hasFailed && (status < 500 || !this.#discardOnError)) {
      if (givesHints()) watchLateChanges(sessions)
      return commit(sessions, response)
    }
    if (sessions.size > 0) keepPrivate(response)
    return undefined
  }
}

/** Keeps the response out of caches. */
export function keepPrivate(response: ResponseLike): void {
  varyOnCookie(response)
  forbidCaching(response)
}

function warnOfLazy(key: string): void {
  warnOnce(
    'SESSION_LAZY',
    `${key} was read, but the adapter has the option lazy and does not set it; ` +
      'load the session with await login.get(request)',
  )
}

function commit(sessions: Registry, response: ResponseLike): Promise<void> | undefined {
  try {
    return sessions.commit(response)?.catch(error => fail(sessions, error))
  } catch (error) {
    return fail(sessions, error)
  }
}

function fail(sessions: Registry, error: unknown): never {
  sessions.hasFailed = true
  throw error
}

function isSource(value: unknown): value is SessionSource<object> {
  const { store, name } = (value ?? {}) as Partial<SessionSource<object>>
  return typeof name === 'string' && typeof store?.get === 'function'
}

function assertSources(sources: unknown): void {
  const isObject = typeof sources === 'object' && sources !== null
  if (!isObject || isStore(sources) || isStore((sources as { store?: unknown }).store)) {
    assertSource(sources)
    return
  }
  const entries = Object.entries(sources)
  if (entries.length === 0) assertSource(sources)
  for (const [key, source] of entries) assertSource(source, `sessions.${key}`)
}

/** True for a store, which has no name and therefore is no source. */
function isStore(value: unknown): boolean {
  const { get, save } = Object(value) as { get?: unknown; save?: unknown }
  return typeof get === 'function' && typeof save === 'function'
}

/**
 * Throws a TypeError unless `source` is a session source.
 *
 * @param what - the name of the argument, for the message
 */
export function assertSource(source: unknown, what = 'sessions'): void {
  if (isSource(source)) return
  const store = isStore(source) ? source : (Object(source) as { store?: unknown }).store
  const hint = isStore(store) ? "; name the session: defineSession(store, 'login')" : ''
  throw new TypeError(
    `${what} must be a definition or { store, name }, not ${describeKind(source)}${hint}`,
  )
}

/**
 * Throws a TypeError if the store carries its sessions in a header.
 *
 * @param what - what can only handle cookies, for the message
 */
export function assertCookies({ store }: SessionSource<object>, what: string): void {
  if (store.header === undefined) return
  throw new TypeError(
    `${what} needs transport: 'cookie'; this store uses the header ${store.header}`,
  )
}
