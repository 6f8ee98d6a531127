/**
 * Sessions for the App Router of Next.js.
 *
 * Next.js has no hook at the end of a request that could set a cookie, so sessions are not saved automatically.
 * Read a session where pages are rendered, and open it where cookies may be set.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import type { ReadableJar, WritableJar } from '../http/jar.ts'
import type { RequestWithHeaders } from '../http/request.ts'
import { forbidCaching, type HeadersLike } from '../http/response.ts'
import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { type OpenSession, type OpenSessionOptions, openSession } from '../session/open-session.ts'
import type { Session } from '../session/session.ts'
import { type SessionOf, type SessionSource, sessionFrom } from '../session/session-source.ts'
import { assertSource } from './lib/request-sessions.ts'

export type { OpenSession } from '../session/open-session.ts'

/** The subset of the result of `cookies()` that we use. */
export interface CookiesLike extends ReadableJar, WritableJar {}

/** The subset of `NextResponse` that we use. */
export interface ProxyResponseLike {
  readonly headers: HeadersLike
  readonly cookies: WritableJar
}

/** Options of {@link sessions}. */
export interface NextOptions extends OpenSessionOptions {
  /** `cookies` of `next/headers`. */
  readonly cookies: () => Promise<CookiesLike>
}

/** The members of a session that do not change it. */
const readableMembers = [
  'name',
  'id',
  'isNew',
  'reason',
  'isCopy',
  'owner',
  'label',
  'createdAt',
  'authenticatedAt',
  'authenticatedWithin',
  'peekFlashes',
  'toJSON',
] as const satisfies (keyof Session)[]

/** A read-only session. */
export type ReadSession<S extends Session<object>> = Readonly<
  Pick<S, (typeof readableMembers)[number]>
> & { readonly values: Readonly<S['values']> }

/** Access to the sessions of one source from each part of a Next.js app. */
export interface NextSessions<S extends Session<object>> {
  /**
   * Returns a read-only session, for server components and other code that does not change it. It is loaded
   * once per request. `peekFlashes()` returns flash messages.
   *
   * Rejects if the store fails, and with a SessionError `read-only` in a cache scope, which has no request.
   * Changing the session throws a SessionError `read-only`, where types do not prevent it.
   */
  read(): Promise<ReadSession<S>>
  /**
   * Opens a session to change it, in a server action or a route handler. It is saved by `save()`, or at the end
   * of the block, even if the block throws a redirect:
   *
   *     await using login = await logins.open()
   *
   * Rejects like {@link read}, and with `read-only` while a page is rendered.
   */
  open(): Promise<OpenSession<S>>
  /**
   * Renews the session and its cookie if renewal is due. Call it in `proxy`, which runs for every request and
   * may set cookies. Never rejects: a store failure is reported to `onError`, and the page that needs the
   * session fails on its own.
   */
  touch(request: RequestWithHeaders, response: ProxyResponseLike): Promise<void>
}

/**
 * Provides the sessions of one source to server components, server actions, route handlers and `proxy`:
 *
 *     export const logins = sessions(defineSession<Login>(store, 'login'), { cookies })
 *
 * Throws a TypeError for an invalid source, and for unknown or invalid options.
 */
export function sessions<const Source extends SessionSource<object>>(
  source: Source,
  options: NextOptions,
): NextSessions<SessionOf<Source>> {
  assertSource(source)
  assertKnownOptions('sessions()', options, ['cookies', 'onError'])
  const { cookies, onError = console.error } = options
  assertFunction('cookies', cookies)
  assertFunction('onError', onError)
  return {
    async read() {
      const session = await sessionFrom(source, { cookies: await jarOf(cookies) })
      return readOnly(session as Session<object>) as ReadSession<SessionOf<Source>>
    },
    async open() {
      const jar = await jarOf(cookies)
      if (isReadOnlyJar(jar))
        throw readOnlyError('a session cannot be opened while a page is rendered')
      return openSession(source, { cookies: jar }, { cookies: withClearErrors(jar) }, { onError })
    },
    async touch(request, response) {
      try {
        const session = await sessionFrom(source, request)
        if (session.renewal === undefined) return
        await source.store.save(request, { cookies: jarWithoutCaching(response) }, session)
      } catch (error) {
        onError(error)
      }
    },
  }
}

/** The request's cookie jar. It is the same object for all components that are rendered for the request. */
async function jarOf(cookies: NextOptions['cookies']): Promise<CookiesLike> {
  try {
    return await cookies()
  } catch (error) {
    // Any other error is Next.js' own signal that the page depends on its request.
    if (!(error instanceof Error && /use cache|unstable_cache/.test(error.message))) throw error
    throw readOnlyError(
      "a cache scope ('use cache', unstable_cache) has no session; read the session outside it",
      {
        cause: error,
      },
    )
  }
}

/** Next.js' read-only jars use one throwing function for all methods that would change them. */
function isReadOnlyJar(jar: CookiesLike & { readonly delete?: unknown }): boolean {
  return jar.set === jar.delete
}

/** The jar, with a clear error once it refuses cookies: after the response, for example in `after()`. */
function withClearErrors(jar: CookiesLike): CookiesLike {
  return {
    get: name => jar.get(name),
    set(name, value, attributes) {
      try {
        jar.set(name, value, attributes)
      } catch (cause) {
        throw readOnlyError('the session cannot be saved after the response', { cause })
      }
    },
  }
}

/**
 * The cookie jar of a response of `proxy`. The page of the same request sees the cookies that it sets. Setting
 * one forbids caching: a shared cache would store the cookie with a page that is the same for all visitors.
 */
function jarWithoutCaching(response: ProxyResponseLike): WritableJar {
  return {
    set(name, value, attributes) {
      forbidCaching(response)
      response.cookies.set(name, value, attributes)
    },
  }
}

/** A view of the session that throws on every change and on every method that would change it. */
function readOnly(session: Session<object>): Session<object> {
  const values = readOnlyProxy(session.values)
  const names: ReadonlySet<string | symbol> = new Set(readableMembers)
  return readOnlyProxy(session, key => {
    if (key === 'values') return values
    const value: unknown = Reflect.get(session, key)
    if (typeof value !== 'function') return value
    return names.has(key) || typeof key === 'symbol' ? value.bind(session) : () => refuseChange(key)
  })
}

function readOnlyProxy<Target extends object>(
  target: Target,
  get: (key: string | symbol) => unknown = key => Reflect.get(target, key),
): Target {
  return new Proxy(target, {
    get: (_, key) => get(key),
    set: (_, key) => refuseChange(key),
    defineProperty: (_, key) => refuseChange(key),
    deleteProperty: (_, key) => refuseChange(key),
  })
}

function refuseChange(key: string | symbol): never {
  const instead = /flash/i.test(String(key)) ? '; use peekFlashes() to read messages' : ''
  throw readOnlyError(`${String(key)}: a session from read() cannot be changed${instead}`)
}

function readOnlyError(what: string, options?: ErrorOptions): SessionError {
  return new SessionError(
    'read-only',
    `${what}. Next.js can set cookies only in server actions and route handlers; call open() there`,
    options,
  )
}
