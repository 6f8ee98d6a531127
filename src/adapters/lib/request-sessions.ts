/**
 * The sessions of one request, from its beginning to the head of its response: what adapters share.
 *
 * @module
 */

import type { RequestLike } from '../../http/request.ts'
import type { ResponseLike } from '../../http/response.ts'
import { describeKind } from '../../lib/describe.ts'
import { registry } from '../../session/registry.ts'
import { type SessionOf, type SessionSource, sessionFrom } from '../../session/session-source.ts'
import { type AdapterOptions, assertAdapterOptions } from './options.ts'

/** Several sources, under the names that their sessions have in the app. */
export type SessionSources = Readonly<Record<string, SessionSource<object>>>

/** The sessions of several sources, under the same names. */
export type SessionsOf<Sources> = { readonly [Name in keyof Sources]: SessionOf<Sources[Name]> }

/** What a handler gets: the session of one source, or those of several. */
export type Got<Sources> =
  Sources extends SessionSource<object> ? SessionOf<Sources> : SessionsOf<Sources>

/** Where a handler finds it: `session` for one source, `sessions` for several. */
export type Placed<Sources> =
  Sources extends SessionSource<object>
    ? { session: SessionOf<Sources> }
    : { sessions: SessionsOf<Sources> }

/** What an adapter does for each request, whatever the framework. */
export class RequestSessions<Sources extends SessionSource<object> | SessionSources> {
  /** The name of the place where the framework keeps what {@link open} answers. */
  readonly key: 'session' | 'sessions'
  readonly #sources: Sources
  readonly #discardOnError: boolean

  /** Throws a TypeError when these are no sources, or the options are wrong. */
  constructor(sources: Sources, options: AdapterOptions = {}) {
    assertAdapterOptions(options)
    this.key = isSource(sources) ? 'session' : 'sessions'
    if (!isSource(sources)) assertSources(sources)
    this.#sources = sources
    this.#discardOnError = options.saveOnError === 'discard'
  }

  /** Loads what the handler gets. Rejects when a store fails. */
  async open(request: RequestLike): Promise<Got<Sources>> {
    const sources: SessionSource<object> | SessionSources = this.#sources
    if (isSource(sources)) return (await sessionFrom(sources, request)) as Got<Sources>
    const sessions = await Promise.all(
      Object.entries(sources).map(async ([key, source]) => [
        key,
        await sessionFrom(source, request),
      ]),
    )
    return Object.fromEntries(sessions)
  }

  /**
   * Saves every session of the request, those got otherwise too, before the head is sent. Undefined when
   * nothing has to be written: then everything is done. Rejects with a MultiError.
   *
   * @param status - of the response
   */
  save(request: RequestLike, response: ResponseLike, status: number): Promise<void> | undefined {
    if (status >= 500 && this.#discardOnError) return undefined
    return registry(request).saveSoon(response)
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

/** Throws a TypeError when this is no source. */
export function assertSource(source: unknown, what = 'sessions'): void {
  if (isSource(source)) return
  throw new TypeError(
    `${what} must be a definition or { store, name }, not ${describeKind(source)}`,
  )
}
