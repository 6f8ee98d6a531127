/**
 * Sessions for the App Router of Next.js.
 *
 * Next.js runs nothing at the end of a request that could set a cookie, so nothing is saved by itself: a
 * session is read where pages are rendered, and opened where cookies may be set.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import type { ReadableJar, WritableJar } from '../http/jar.ts'
import type { RequestWithHeaders } from '../http/request.ts'
import { forbidCaching, type HeadersLike } from '../http/response.ts'
import { describeKind } from '../lib/describe.ts'
import { type OpenSession, type OpenSessionOptions, openSession } from '../session/open-session.ts'
import type { Session } from '../session/session.ts'
import { type SessionOf, type SessionSource, sessionFrom } from '../session/session-source.ts'
import { assertSource } from './lib/request-sessions.ts'

export type { OpenSession } from '../session/open-session.ts'

/** The part of what `cookies()` answers that is used. */
export interface CookiesLike extends ReadableJar, WritableJar {}

/** The part of a `NextResponse` that is used. */
export interface ProxyResponseLike {
  readonly headers: HeadersLike
  readonly cookies: WritableJar
}

/** What {@link sessions} has to know. */
export interface NextOptions extends OpenSessionOptions {
  /** `cookies` of `next/headers`. */
  readonly cookies: () => Promise<CookiesLike>
}

/** What a session tells without having to be saved. */
const readable = [
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

/** A session to look at: without what would have to be saved. */
export type ReadSession<S extends Session<object>> = Readonly<
  Pick<S, (typeof readable)[number]>
> & { readonly values: Readonly<S['values']> }

/** The sessions of one source, in every place that Next.js has. */
export interface NextSessions<S extends Session<object>> {
  /**
   * The session, to look at: for server components, and wherever else nothing changes. Read once a
   * request, however many components ask. Messages are seen with `peekFlashes()`.
   *
   * Rejects as {@link Store.get}, and with a SessionError `read-only` in a cache scope, which has no
   * request. What would change the session throws a SessionError `read-only`, as far as types let it.
   */
  read(): Promise<ReadSession<S>>
  /**
   * The session, to change it, in a server action or a route handler. It is saved at the end of the block,
   * which Next.js may leave by throwing a redirect, or by `save()`:
   *
   *     await using login = await logins.open()
   *
   * Rejects as {@link read}, and with `read-only` while a page is rendered.
   */
  open(): Promise<OpenSession<S>>
  /**
   * Prolongs the session, and its cookie, when that is due: in `proxy`, the one place that sees every
   * request and may set cookies. Otherwise it sets none, and never rejects: a store that fails is told to
   * `onError`, as the page that needs the session will say so itself.
   */
  touch(request: RequestWithHeaders, response: ProxyResponseLike): Promise<void>
}

/**
 * Sessions of the source for server components, server actions, route handlers and `proxy`:
 *
 *     export const logins = sessions(defineSession<Login>(store, 'login'), { cookies })
 *
 * Throws a TypeError for a wrong source and for wrong options.
 */
export function sessions<const Source extends SessionSource<object>>(
  source: Source,
  { cookies, onError = console.error }: NextOptions,
): NextSessions<SessionOf<Source>> {
  assertSource(source)
  assertFunction('cookies', cookies)
  assertFunction('onError', onError)
  return {
    async read() {
      const session = await sessionFrom(source, { cookies: await jarOf(cookies) })
      return readOnly(session as Session<object>) as ReadSession<SessionOf<Source>>
    },
    async open() {
      const jar = await jarOf(cookies)
      if (isSealed(jar)) throw refusal('a session cannot be opened while a page is rendered')
      return openSession(source, { cookies: jar }, { cookies: explaining(jar) }, { onError })
    },
    async touch(request, response) {
      try {
        const session = await sessionFrom(source, request)
        if (session.renewal === undefined) return
        await source.store.save(request, { cookies: uncached(response) }, session)
      } catch (error) {
        onError(error)
      }
    },
  }
}

/** The jar of the request: the same object for all that render it. */
async function jarOf(cookies: NextOptions['cookies']): Promise<CookiesLike> {
  try {
    return await cookies()
  } catch (error) {
    // What else is thrown is how Next.js learns that a page depends on its request.
    if (!(error instanceof Error && /use cache|unstable_cache/.test(error.message))) throw error
    throw refusal("a cache scope ('use cache', unstable_cache) has no session; read it outside", {
      cause: error,
    })
  }
}

/** A jar that may not be changed has one function, which throws, for all that would change it. */
function isSealed(jar: CookiesLike & { readonly delete?: unknown }): boolean {
  return jar.set === jar.delete
}

/** The jar of a request that is answered already refuses cookies, in `after()` say. */
function explaining(jar: CookiesLike): CookiesLike {
  return {
    get: name => jar.get(name),
    set(name, value, attributes) {
      try {
        jar.set(name, value, attributes)
      } catch (cause) {
        throw refusal('the session cannot be saved any more', { cause })
      }
    },
  }
}

/**
 * The jar of a response of `proxy`. What it sets, the page of the same request sees; the cookie would be
 * kept with a page that is the same for everybody, if caches were let.
 */
function uncached(response: ProxyResponseLike): WritableJar {
  return {
    set(name, value, attributes) {
      forbidCaching(response)
      response.cookies.set(name, value, attributes)
    },
  }
}

/** The session without what would have to be saved: to call it, or to set something, throws. */
function readOnly(session: Session<object>): Session<object> {
  const values = unchangeable(session.values)
  const names: ReadonlySet<string | symbol> = new Set(readable)
  return unchangeable(session, key => {
    if (key === 'values') return values
    const value: unknown = Reflect.get(session, key)
    if (typeof value !== 'function') return value
    return names.has(key) || typeof key === 'symbol' ? value.bind(session) : () => refuse(key)
  })
}

function unchangeable<Target extends object>(
  target: Target,
  get: (key: string | symbol) => unknown = key => Reflect.get(target, key),
): Target {
  return new Proxy(target, {
    get: (_, key) => get(key),
    set: (_, key) => refuse(key),
    defineProperty: (_, key) => refuse(key),
    deleteProperty: (_, key) => refuse(key),
  })
}

function refuse(key: string | symbol): never {
  const instead = /flash/i.test(String(key)) ? '; peekFlashes() looks at messages' : ''
  throw refusal(`${String(key)}: a session that was read is not saved${instead}`)
}

function refusal(what: string, options?: ErrorOptions): SessionError {
  return new SessionError(
    'read-only',
    `${what}. Next.js lets sessions change in server actions and in route handlers alone: open() them there`,
    options,
  )
}

function assertFunction(option: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new TypeError(`${option} must be a function, not ${describeKind(value)}`)
}
