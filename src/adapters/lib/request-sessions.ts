/**
 * Loads and saves the sessions of one request, for every adapter.
 *
 * @module
 */

import type { RequestLike } from '../../http/request.ts'
import { forbidCaching, type ResponseLike, varyOnCookie } from '../../http/response.ts'
import { describeKind } from '../../lib/describe.ts'
import { isPromise, type MaybePromise } from '../../lib/maybe-promise.ts'
import { registry } from '../../session/registry.ts'
import { loadFrom, type SessionOf, type SessionSource } from '../../session/session-source.ts'
import { type AdapterOptions, assertAdapterOptions } from './options.ts'

/** Several sources. The keys name their sessions in the app. */
export type SessionSources = Readonly<Record<string, SessionSource<object>>>

/** The sessions of several sources, under the same keys. */
export type SessionsOf<Sources> = { readonly [Name in keyof Sources]: SessionOf<Sources[Name]> }

/** What a handler receives: one session for one source, an object of sessions for several. */
export type SessionOrSessions<Sources> =
  Sources extends SessionSource<object> ? SessionOf<Sources> : SessionsOf<Sources>

/** What an adapter adds to a framework's request: `session` for one source, `sessions` for several. */
export type SessionFields<Sources> =
  Sources extends SessionSource<object>
    ? { session: SessionOf<Sources> }
    : { sessions: SessionsOf<Sources> }

/** The framework-independent part of an adapter. */
export class RequestSessions<Sources extends SessionSource<object> | SessionSources> {
  /** The property under which an adapter exposes the result of {@link open}. */
  readonly key: 'session' | 'sessions'
  readonly #sources: Sources
  readonly #discardOnError: boolean

  /** Throws a TypeError for invalid sources, and for unknown or invalid options. */
  constructor(sources: Sources, options: AdapterOptions = {}) {
    assertAdapterOptions(options)
    this.key = isSource(sources) ? 'session' : 'sessions'
    if (!isSource(sources)) assertSources(sources)
    this.#sources = sources
    this.#discardOnError = options.saveOnError === 'discard'
  }

  /** Loads the session, or the sessions, for the handler. Rejects if a store fails. */
  open(request: RequestLike): MaybePromise<SessionOrSessions<Sources>> {
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

  /**
   * Saves every session of the request, including those loaded without this adapter. Call it before the
   * head is sent. Returns undefined if there is nothing to wait for. Rejects if a session cannot be saved.
   *
   * An error page whose sessions are discarded may depend on them all the same, so it is kept out of caches.
   *
   * @param status - the status of the response
   */
  save(request: RequestLike, response: ResponseLike, status: number): Promise<void> | undefined {
    const sessions = registry(request)
    if (status < 500 || !this.#discardOnError) return sessions.commit(response)
    if (sessions.size > 0) {
      varyOnCookie(response)
      forbidCaching(response)
    }
    return undefined
  }
}

function isSource(value: unknown): value is SessionSource<object> {
  const { store, name } = (value ?? {}) as Partial<SessionSource<object>>
  return typeof name === 'string' && typeof store?.get === 'function'
}

function assertSources(sources: unknown): void {
  if (typeof sources !== 'object' || sources === null) assertSource(sources)
  else for (const [key, source] of Object.entries(sources)) assertSource(source, `sessions.${key}`)
}

/**
 * Throws a TypeError unless `source` is a session source.
 *
 * @param what - the name of the argument, for the message
 */
export function assertSource(source: unknown, what = 'sessions'): void {
  if (isSource(source)) return
  throw new TypeError(
    `${what} must be a definition or { store, name }, not ${describeKind(source)}`,
  )
}
