/**
 * Validates the options of the middleware and fills in defaults.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import { newId } from '../backends/ids.ts'
import { memory } from '../backends/memory.ts'
import { toExpressStore } from '../backends/to-express-store.ts'
import { isCookieName } from '../http/cookie.ts'
import {
  assertFunction,
  assertInteger,
  assertKnownOptions,
  assertOneOf,
} from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { type Secret, secretBytes } from '../migrate/options.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { attributesOf, Cookie, type CookieOptions } from './cookie.ts'
import { type IncomingRequest, isSecure } from './request.ts'
import { type SessionRecords, sessionRecordsOf } from './session-records.ts'
import { Store, type StoreLike } from './store.ts'
import { warnOfShortSecret } from './warnings.ts'

/** Options of the middleware. */
export interface SessionOptions<Request = IncomingRequest> {
  /** Signs the ids in cookies. Of a list, the first secret signs and all of them verify. */
  secret: Secret | readonly Secret[]
  /** A backend, or a store made for express-session. Default: in memory. */
  store?: Backend | StoreLike
  /** The cookie name. Default `connect.sid`. */
  name?: string | undefined
  /** Attributes of the cookie, or a function that returns them for a request. */
  cookie?: CookieOptions | ((request: Request) => CookieOptions)
  /** Makes new ids, which must be unguessable. Default: 256 random bits. */
  genid?: (request: Request) => string
  /**
   * Whether a request that changes nothing rewrites the session in a store without `touch`, so that the
   * session does not expire. It rewrites the store's current record, not the one that the request has
   * read. Default true.
   */
  resave?: boolean | undefined
  /** Whether new sessions without values are saved. Default true. */
  saveUninitialized?: boolean | undefined
  /** Whether each response sets the cookie again, which renews its `maxAge`. Default false. */
  rolling?: boolean | undefined
  /**
   * Whether to keep or destroy the stored session when the app deletes `request.session` or sets it to null.
   * Default `'keep'`.
   */
  unset?: 'keep' | 'destroy' | undefined
  /** Whether to trust `X-Forwarded-Proto`. Default: the setting `trust proxy` of Express. */
  proxy?: boolean | undefined
  /**
   * Seconds to keep a session whose cookie has no expiry, if `store` is a backend. Default 86 400, which is
   * 24 hours.
   */
  ttl?: number
  /** Readers for the sessions of other libraries or of another store, tried in order. */
  legacyReaders?: readonly Reader[]
}

/** The validated options. */
export interface Settings {
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly store: StoreLike
  readonly records: SessionRecords
  readonly name: string
  readonly cookieFor: (request: IncomingRequest) => CookieOptions
  readonly genid: (request: IncomingRequest) => unknown
  readonly saveUninitialized: boolean
  readonly rolling: boolean
  readonly unset: 'keep' | 'destroy'
  readonly isSecure: (request: IncomingRequest) => boolean
  readonly legacyReaders: readonly Reader[]
}

const optionNames = [
  'secret',
  'store',
  'name',
  'cookie',
  'genid',
  'resave',
  'saveUninitialized',
  'rolling',
  'unset',
  'proxy',
  'ttl',
  'legacyReaders',
] as const satisfies (keyof SessionOptions)[]

const cookieOptionNames = [
  'maxAge',
  'expires',
  'path',
  'domain',
  'httpOnly',
  'secure',
  'sameSite',
  'partitioned',
  'priority',
] as const satisfies (keyof CookieOptions)[]

/** Options that apps pass although express-session ignores them. */
const ignoredCookieOptions = ['originalMaxAge', 'signed', 'overwrite', 'encode']

/** Validates the options. Throws a TypeError or RangeError for unknown or invalid ones. */
export function settingsOf<Request>(options: SessionOptions<Request>): Settings {
  assertKnownOptions('session()', options, optionNames)
  const { name = 'connect.sid', genid = newId, unset = 'keep', proxy, resave = true } = options
  if (typeof name !== 'string' || !isCookieName(name)) {
    throw new TypeError(`name must be a valid cookie name, not ${describeKind(name)}`)
  }
  assertFunction('genid', genid)
  assertOneOf('unset', unset, ['keep', 'destroy'])
  const store = storeOf(options)
  return {
    secrets: secretsOf(options.secret),
    store,
    records: sessionRecordsOf(store, { resave }),
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

/** Returns the function that resolves the cookie attributes, including `'auto'`, for a request. */
function cookieFor(
  cookie: CookieSetting = {},
  proxy: boolean | undefined,
): (request: IncomingRequest) => CookieOptions {
  // A static object can be validated when the app starts.
  if (typeof cookie !== 'function') {
    assertCookieOptions(cookie)
    attributesOf(new Cookie(cookie).data)
  }
  return request => {
    const options = typeof cookie === 'function' ? cookieFrom(cookie, request) : cookie
    const secure = isSecure(request, proxy)
    return {
      ...options,
      ...(options.secure === 'auto' && { secure }),
      ...(options.sameSite === 'auto' && { sameSite: secure ? 'none' : 'lax' }),
    }
  }
}

function cookieFrom(
  cookie: (request: IncomingRequest) => CookieOptions,
  request: IncomingRequest,
): CookieOptions {
  const options = cookie(request)
  assertCookieOptions(options)
  return options
}

function assertCookieOptions(options: CookieOptions): void {
  assertKnownOptions('cookie', options, [...cookieOptionNames, ...ignoredCookieOptions])
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

/** Recommended length of a secret in bytes: the output length of HMAC-SHA-256 (RFC 2104 §3). */
const recommendedLength = 32

function secretsOf(secret: SessionOptions['secret']): Settings['secrets'] {
  const [first, ...others] = Array.isArray(secret) ? secret : [secret]
  const secrets = [first, ...others].map(each => secretBytes('secret', each))
  if (secrets[0] && secrets[0].length < recommendedLength) warnOfShortSecret(recommendedLength)
  return secrets as [Uint8Array, ...Uint8Array[]]
}
