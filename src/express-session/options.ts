/**
 * The options of express-session, checked.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import { newId } from '../backends/ids.ts'
import { memory } from '../backends/memory.ts'
import { toExpressStore } from '../backends/to-express-store.ts'
import { isCookieName } from '../http/cookie.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { type Secret, secretBytes } from '../migrate/options.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { attributesOf, Cookie, type CookieOptions } from './cookie.ts'
import { type IncomingRequest, isSecure } from './request.ts'
import { type Place, placeOf } from './session-records.ts'
import { Store, type StoreLike } from './store.ts'
import { warnOfShortSecret } from './warnings.ts'

/** What the middleware can be told. */
export interface SessionOptions<Request = IncomingRequest> {
  /** Signs the ids in cookies. Of a list the first signs, and all are accepted. */
  secret: Secret | readonly Secret[]
  /** Where sessions are kept: a backend, or a store made for express-session. Default: in memory. */
  store?: Backend | StoreLike
  /** The name of the cookie. Default `connect.sid`. */
  name?: string | undefined
  /** Attributes of the cookie, or a function that answers them for a request. */
  cookie?: CookieOptions | ((request: Request) => CookieOptions)
  /** Makes new ids. What it answers must not be guessed. Default: 256 random bits. */
  genid?: (request: Request) => string
  /**
   * Whether a store without `touch` is written to at requests that change nothing, so that it does not
   * let the session expire. What is written back is what the store has at that moment. Default true.
   */
  resave?: boolean | undefined
  /** Whether new sessions that nothing was put into are kept. Default true. */
  saveUninitialized?: boolean | undefined
  /** Whether the cookie is set at each response, to begin its time again. Default false. */
  rolling?: boolean | undefined
  /** What becomes of a session whose `request.session` was deleted or set to null. Default `'keep'`. */
  unset?: 'keep' | 'destroy' | undefined
  /** Whether to believe `X-Forwarded-Proto`. Left out: Express's `trust proxy`. */
  proxy?: boolean | undefined
  /** With a backend: seconds that a session is kept whose cookie has no end. Default 24 hours. */
  ttl?: number
  /** Readers for the sessions of other libraries, or of another store, asked in order. */
  legacyReaders?: readonly Reader[]
}

/** The options, with every one in place. */
export interface Settings {
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly store: StoreLike
  readonly place: Place
  readonly name: string
  readonly cookieFor: (request: IncomingRequest) => CookieOptions
  readonly genid: (request: IncomingRequest) => unknown
  readonly saveUninitialized: boolean
  readonly rolling: boolean
  readonly unset: 'keep' | 'destroy'
  readonly isSecure: (request: IncomingRequest) => boolean
  readonly legacyReaders: readonly Reader[]
}

/** Throws TypeError or RangeError for options that are wrong. */
export function settingsOf<Request>(options: SessionOptions<Request>): Settings {
  const { name = 'connect.sid', genid = newId, unset = 'keep', proxy, resave = true } = options
  if (typeof name !== 'string' || !isCookieName(name)) {
    throw new TypeError(`name must be the name of a cookie, not ${describeKind(name)}`)
  }
  if (typeof genid !== 'function') {
    throw new TypeError(`genid must be a function, not ${describeKind(genid)}`)
  }
  if (unset !== 'keep' && unset !== 'destroy') {
    throw new TypeError(`unset must be 'keep' or 'destroy', not ${describeKind(unset)}`)
  }
  const store = storeOf(options)
  return {
    secrets: secretsOf(options.secret),
    store,
    place: placeOf(store, { resave }),
    name,
    cookieFor: cookieFor(options.cookie as CookieSetting, proxy),
    genid: genid as (request: IncomingRequest) => unknown,
    saveUninitialized: options.saveUninitialized ?? true,
    rolling: options.rolling ?? false,
    unset,
    isSecure: request => isSecure(request, proxy),
    legacyReaders: options.legacyReaders ?? [],
  }
}

type CookieSetting = CookieOptions | ((request: IncomingRequest) => CookieOptions) | undefined

/** Answers attributes in which nothing is left to decide. */
function cookieFor(
  cookie: CookieSetting = {},
  proxy: boolean | undefined,
): (request: IncomingRequest) => CookieOptions {
  // Mistakes are told at once where they can be.
  if (typeof cookie !== 'function') attributesOf(new Cookie(cookie).data)
  return request => {
    const options = typeof cookie === 'function' ? cookie(request) : cookie
    const secure = isSecure(request, proxy)
    return {
      ...options,
      ...(options.secure === 'auto' && { secure }),
      ...(options.sameSite === 'auto' && { sameSite: secure ? 'none' : 'lax' }),
    }
  }
}

function storeOf({ store, ttl }: SessionOptions<never>): StoreLike {
  if (ttl !== undefined) assertInteger('ttl', ttl)
  if (store === undefined || isBackend(store)) {
    const concrete = Store as unknown as abstract new () => StoreLike
    return toExpressStore(concrete, store ?? memory(), ttl === undefined ? {} : { ttl })
  }
  if (isStore(store)) return store
  throw new TypeError(
    `store must be a backend or a store for express-session, not ${describeKind(store)}`,
  )
}

function isBackend(store: object): store is Backend {
  return ['load', 'create', 'update', 'touch', 'delete'].every(name => hasMethod(store, name))
}

function isStore(store: unknown): store is StoreLike {
  return ['get', 'set', 'destroy'].every(name => hasMethod(store, name))
}

function hasMethod(store: unknown, name: string): boolean {
  return typeof (store as Record<string, unknown> | null)?.[name] === 'function'
}

/** Bytes of a secret that is as long as what it is used for, HMAC-SHA-256 (RFC 2104 §3). */
const strongLength = 32

function secretsOf(secret: SessionOptions['secret']): Settings['secrets'] {
  const [first, ...others] = Array.isArray(secret) ? secret : [secret]
  const secrets = [first, ...others].map(each => secretBytes('secret', each))
  if (secrets[0] && secrets[0].length < strongLength) warnOfShortSecret(strongLength)
  return secrets as [Uint8Array, ...Uint8Array[]]
}
