/**
 * Sessions for the App Router of Next.js.
 *
 * Next.js has no hook at the end of a request that could set a cookie, so sessions are not saved automatically.
 * Read a session where pages are rendered, and open it where cookies may be set.
 *
 * @module
 */

import { type RefusedError, SessionError } from '../errors.ts'
import type { ReadableJar, WritableJar } from '../http/jar.ts'
import type { RequestWithHeaders } from '../http/request.ts'
import { forbidCaching, type HeadersLike } from '../http/response.ts'
import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { type OpenSession, type OpenSessionOptions, openSession } from '../session/open-session.ts'
import { insteadOf, readingMethods, viewOf } from '../session/read-only.ts'
import type { Session } from '../session/session.ts'
import { type SessionOf, type SessionSource, sessionFrom } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginRefusal, loginRefusal } from './lib/guards.ts'
import { refusalResponse } from './lib/refusal.ts'
import { assertCookies, assertSource } from './lib/request-sessions.ts'

export type { OpenSession } from '../session/open-session.ts'
export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'

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
  ...readingMethods,
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
 * Throws a TypeError for an invalid source, for a store that carries sessions in a header, and for unknown or
 * invalid options.
 */
export function sessions<const Source extends SessionSource<object>>(
  source: Source,
  options: NextOptions,
): NextSessions<SessionOf<Source>> {
  assertSource(source)
  assertCookies(source, 'sessions() of silverback/next')
  assertKnownOptions('sessions()', options, ['cookies', 'onError'])
  const { cookies, onError = console.error } = options
  assertFunction('cookies', cookies)
  assertFunction('onError', onError)
  return {
    async read() {
      const session = await sessionFrom(source, { cookies: await jarOf(cookies) })
      return viewOf(session as Session<object>, refuseChange) as ReadSession<SessionOf<Source>>
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

/**
 * Returns the read-only session of a signed-in visitor, in pages, server actions and route handlers:
 *
 *     const session = await requireLogin(logins, () => redirect('/sign-in'))
 *
 * Rejects like {@link NextSessions.read}.
 *
 * @param otherwise - called for other visitors; must throw, as `redirect` and `unauthorized` of `next/navigation`
 *   do. Default: throws a `RefusedError`, for which Next.js responds with status 401
 */
export async function requireLogin<S extends Session<object>>(
  logins: NextSessions<S>,
  otherwise?: () => never,
): Promise<ReadSession<S>> {
  const session = await logins.read()
  return allowed(session, loginRefusal(session as Session<object>), otherwise)
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export async function requireFreshLogin<S extends Session<object>>(
  logins: NextSessions<S>,
  seconds: number,
  otherwise?: () => never,
): Promise<ReadSession<S>> {
  const session = await logins.read()
  return allowed(session, freshLoginRefusal(session as Session<object>, seconds), otherwise)
}

/**
 * Returns a function for route handlers and `proxy` that resolves with a response of status 403 if the request was
 * sent by a page of another origin or, with the option `tokens`, without a valid token in the header `x-csrf-token`:
 *
 *     const refuse = csrfProtection()
 *     export const POST = async (request: Request) => (await refuse(request)) ?? save(request)
 *
 * Next.js itself checks the origin of server actions.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(
  options?: CsrfProtectionOptions,
): (request: Request) => Promise<Response | undefined> {
  const guard = csrfGuard(options)
  return async ({ method, headers }) => {
    // The host in the URL is that of the server's configuration. Without the URL, the header Host is used.
    const refusal = await guard({ method, headers })
    return refusal && refusalResponse(refusal)
  }
}

/** Throws for a visitor who is refused, even if `otherwise` returns. */
function allowed<Read>(
  session: Read,
  refusal: RefusedError | undefined,
  otherwise: (() => never) | undefined,
): Read {
  if (!refusal) return session
  otherwise?.()
  // Next.js recognizes such errors by their digest. Its own function `unauthorized` needs an experimental option.
  throw Object.assign(refusal, { digest: `NEXT_HTTP_ERROR_FALLBACK;${refusal.status}` })
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

function refuseChange(key: string | symbol): never {
  throw readOnlyError(`${String(key)}: a session from read() cannot be changed${insteadOf(key)}`)
}

function readOnlyError(what: string, options?: ErrorOptions): SessionError {
  return new SessionError(
    'read-only',
    `${what}. Next.js can set cookies only in server actions and route handlers; call open() there`,
    options,
  )
}
