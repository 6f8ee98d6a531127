/**
 * Validates the options of the middleware and fills in defaults.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import { newId } from '../backends/ids.ts'
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
import { type IncomingRequest, isSecure, secretOf } from './request.ts'
import { type SessionRecords, sessionRecordsOf } from './session-records.ts'
import { memoryStore, Store, type StoreLike } from './store.ts'
import { warnOfShortSecret } from './warnings.ts'

/** Options of the middleware. */
export interface SessionOptions<Request = IncomingRequest> {
  /**
   * Signs the ids in cookies. Of a list, the first secret signs and all of them verify. Default:
   * `request.secret`, which cookie-parser sets.
   */
  secret?: Secret | readonly Secret[] | undefined
  /** A backend, or a store made for express-session. Default: in memory. */
  store?: Backend | StoreLike
  /** The cookie name. Default `connect.sid`. */
  name?: string | undefined
  /** The former name of the option `name`, which takes precedence. Default: none. */
  key?: string | undefined
  /** Attributes of the cookie, or a function that returns them for a request. */
  cookie?: CookieOptions | ((request: Request) => CookieOptions)
  /** Makes new ids, which must be unguessable. Default: 256 random bits. */
  genid?: (request: Request) => string
  /**
   * Whether a request that changes nothing writes the session to a store for express-session instead of
   * touching it. It rewrites the store's current record, not the one that the request has read. Default
   * true. Backends ignore it.
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
  /** Readers for the sessions of other libraries or of another store, tried in order. Default: none. */
  legacyReaders?: readonly Reader[]
}

/** The secret that signs, followed by others that verify. */
export type Secrets = readonly [Uint8Array, ...Uint8Array[]]

/** The validated options. */
export interface Settings {
  /** The secrets for a request. Throws an Error if there are none. */
  readonly secretsFor: (request: IncomingRequest) => Secrets
  readonly store: StoreLike
  readonly records: SessionRecords
  readonly name: string
  readonly cookieFor: (request: IncomingRequest) => CookieOptions
  readonly genid: (request: IncomingRequest) => unknown
  /** Whether the ids are those of the app, which may repeat one. */
  readonly hasOwnIds: boolean
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
  'key',
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
  const { genid = newId, unset = 'keep', proxy, resave = true } = options
  const name = options.name || options.key || 'connect.sid'
  if (typeof name !== 'string' || !isCookieName(name)) {
    throw new TypeError(`name must be a valid cookie name, not ${describeKind(name)}`)
  }
  assertFunction('genid', genid)
  assertOneOf('unset', unset, ['keep', 'destroy'])
  const store = storeOf(options)
  return {
    secretsFor: secretsFor(options.secret),
    store,
    records: sessionRecordsOf(store, { resave }),
    name,
    cookieFor: cookieFor(options.cookie as CookieSetting, proxy),
    genid: genid as (request: IncomingRequest) => unknown,
    hasOwnIds: genid !== newId,
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
    if (cookie.secure !== 'auto' && cookie.sameSite !== 'auto') return () => cookie
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
  if (!store) return memoryStore(ttl)
  if (isBackend(store)) {
    const concrete = Store as unknown as abstract new () => StoreLike
    return toExpressStore(concrete, store, ttl === undefined ? {} : { ttl })
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

function secretsFor(secret: SessionOptions['secret']): Settings['secretsFor'] {
  if (secret !== undefined && secret !== null) {
    const secrets = secretsOf(Array.isArray(secret) ? secret : [secret])
    return () => secrets
  }
  // Apps have one secret, so that its bytes are prepared once.
  let last: { secret: unknown; secrets: Secrets } | undefined
  return request => {
    const shared = secretOf(request)
    if (!shared) throw new Error('secret option required for sessions')
    if (last?.secret !== shared) last = { secret: shared, secrets: secretsOf([shared as Secret]) }
    return last.secrets
  }
}

function secretsOf(list: readonly Secret[]): Secrets {
  const [first, ...others] = list.map(each => secretBytes('secret', each))
  if (!first) throw new TypeError('secret option array must not be empty')
  if (first.length < recommendedLength) warnOfShortSecret(recommendedLength)
  return [first, ...others]
}
