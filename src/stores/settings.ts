/**
 * The settings that all stores have in common.
 *
 * @module
 */

import type { Codec } from '../codec/codec.ts'
import { type Keyring, type Keys, keyringOf } from '../codec/keyring.ts'
import { Sealed, type SealedOptions } from '../codec/sealed.ts'
import { isCookieName } from '../http/cookie.ts'
import {
  assertNoDeletion,
  assertOptions,
  defaultOptions,
  type Options,
  optionOf,
} from '../http/cookie-options.ts'
import { assertTrustProxy, type OriginRequest, type TrustProxy } from '../http/origin.ts'
import { assertFunction, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { thirtyDays, unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { emit, Observers } from '../session/emit.ts'
import type { EventSource, Hooks, SessionEvent } from '../session/events.ts'
import type { Reader } from '../session/legacy-reader.ts'
import {
  assertNoLongerThanAbsolute,
  defaultLifetime,
  type FullLifetime,
  fullLifetime,
  type Lifetime,
} from '../session/lifetime.ts'

/** Cookie attributes that may depend on the request. How long a session lives is up to the store, and to the session. */
export type RequestOptions = Omit<Options, 'maxAge'>

/** Options of every `SessionStore`. */
export interface SessionStoreOptions extends Hooks {
  /**
   * Cookie attributes, on top of the defaults. `maxAge` must not delete the cookie. Default: {@link defaultOptions},
   * which is `Path=/; HttpOnly; Secure; SameSite=Lax` without `Max-Age`.
   */
  options?: Options
  /**
   * Returns cookie attributes for a request, which override `options` and those of a definition, such as `{ domain }`
   * for the subdomain or tenant of the request, or undefined to change nothing. Deleted cookies get the same
   * attributes. If it throws or returns invalid attributes, reading a session of this request rejects.
   */
  optionsFor?: (request: OriginRequest) => RequestOptions | undefined
  /**
   * How long sessions live; `options.maxAge` must not exceed `absolute`. Needs a store that keeps lifetimes: one with
   * `keys`, or a server-side one. Default: 24 hours idle, 30 days in total.
   */
  lifetime?: Lifetime
  /**
   * How the value of a session is sent: in a cookie (`'cookie'`, the default), or in the header `X-Session` of
   * requests and responses (`'header'`), for clients without cookies. `{ header: 'X-Login' }` uses another header.
   * `options` then has no effect, except for `maxAge`.
   */
  transport?: 'cookie' | 'header' | { readonly header: string }
  /**
   * Which proxies to trust when they report that a request came over HTTPS, for `secure: 'auto'`: their number,
   * or a function such as `trustedAddresses` of `silverback/proxies` returns. Default: none.
   */
  trustProxy?: TrustProxy
  /**
   * What to do when the backend fails to read: reject (`'throw'`, the default), or continue with an empty
   * session whose reason is `store-failed` (`'anonymous'`). Saving such a session does nothing, so that the
   * visitor's cookie stays valid. If the session was signed in, rotated or destroyed, saving it rejects.
   */
  onStoreFailure?: 'throw' | 'anonymous'
  /** Readers for the cookies of other libraries, asked in order if there is no session of ours. Default: none. */
  legacyReaders?: readonly Reader[]
  /**
   * Also write sessions that did not change, even new and empty ones, as Go's `Save` does. An empty session does not
   * replace one that could not be read. Default false: a save without changes writes nothing and sets no cookie.
   */
  saveUnchanged?: boolean
  /**
   * What to do with several cookies of this name, such as one of an application on the parent domain: try them in
   * order, at most eight, until one can be opened and its session has not ended (`'try-all'`, the default), or read
   * only the first (`'first'`), as Go does.
   */
  duplicateCookies?: 'try-all' | 'first'
  /**
   * Paths and domains that cookies of this store had in earlier releases. Whenever the session's cookie is set or
   * deleted, cookies with those paths and domains are deleted, so that they are not read instead of it. Default: none.
   */
  formerAttributes?: readonly Pick<Options, 'path' | 'domain'>[]
  /** The clock: Unix time in seconds. If you pass codecs, give them the same clock. Default: the system clock. */
  now?: () => number
}

/** Options of stores that put signed or sealed values into cookies. */
export interface CodecStoreOptions extends SessionStoreOptions {
  /**
   * Secret keys, newest first, for {@link Sealed} cookies: the first seals, all open. A function is called at the first
   * request: `keys: () => [process.env.SESSION_KEY]`. Default: none, which needs `codecs`.
   */
  keys?: Keys
  /** Codecs of your own instead, newest first: the first writes, all read. Default: none. */
  codecs?: readonly Codec[]
  /**
   * Memory for a cache of opened cookies, in bytes. 0 disables it. Default 1 MiB. Only with `keys`: your own codecs
   * have their own setting.
   */
  cacheBytes?: number
}

export const sessionStoreOptions = [
  'options',
  'optionsFor',
  'lifetime',
  'transport',
  'trustProxy',
  'onStoreFailure',
  'legacyReaders',
  'saveUnchanged',
  'duplicateCookies',
  'formerAttributes',
  'now',
  'onSession',
  'onReject',
  'onSave',
  'onRevoke',
  'onStoreError',
] as const satisfies (keyof SessionStoreOptions)[]

export const codecStoreOptions = [
  'keys',
  'codecs',
  'cacheBytes',
  ...sessionStoreOptions,
] as const satisfies (keyof CodecStoreOptions)[]

/** What differs between the sealed codecs of a store. */
export type SealedSettings = Omit<SealedOptions, 'keys' | 'purpose'>

/** The options of a store, checked and completed. */
export class Settings {
  readonly options: Options
  readonly optionsFor: SessionStoreOptions['optionsFor']
  readonly lifetime: FullLifetime
  /** The header that carries sessions, in lower case; undefined if cookies do. */
  readonly header: string | undefined
  readonly trustProxy: TrustProxy | undefined
  readonly onStoreFailure: 'throw' | 'anonymous'
  readonly legacyReaders: readonly Reader[]
  readonly saveUnchanged: boolean
  readonly duplicateCookies: 'try-all' | 'first'
  readonly formerAttributes: readonly Pick<Options, 'path' | 'domain'>[]
  readonly now: () => number
  readonly observers: Observers = new Observers()
  readonly keyring: Keyring | undefined
  readonly #given: CodecStoreOptions
  readonly #hooks: Hooks

  /**
   * Throws TypeError or RangeError for wrong options, naming them.
   *
   * @param owner - the class whose options these are, for error messages
   * @param known - the options that it has
   * @param keepsLifetimes - whether it stores lifetimes although it has no keys
   */
  constructor(
    owner: string,
    given: CodecStoreOptions,
    known: readonly string[] = sessionStoreOptions,
    keepsLifetimes = false,
  ) {
    assertKnownOptions(owner, given, known, hintAt)
    // Inherited properties are no options.
    const options: CodecStoreOptions = Object.assign(Object.create(null), given)
    this.#given = options
    this.#hooks = options
    this.keyring = options.keys && keyringOf(options.keys)
    this.options = { ...defaultOptions, ...options.options }
    assertOptions(this.options)
    assertNoDeletion(this.options)
    this.optionsFor = options.optionsFor
    if (this.optionsFor !== undefined) assertFunction('optionsFor', this.optionsFor)
    if (options.lifetime && !this.keyring && !keepsLifetimes) {
      throw new TypeError(
        owner === 'SessionStore'
          ? "lifetime needs a persistence with the capability 'lifetimes'"
          : 'lifetime needs keys: codecs have age limits of their own',
      )
    }
    const maxAge = optionOf(this.options, 'maxAge')
    const absolute = longestLife(maxAge)
    assertNoLongerThanAbsolute(options.lifetime ?? {}, maxAge)
    this.lifetime = fullLifetime(options.lifetime ?? {}, { ...defaultLifetime, absolute })
    this.header = headerOf(options)
    this.trustProxy = options.trustProxy
    if (options.trustProxy !== undefined) assertTrustProxy(options.trustProxy)
    this.onStoreFailure = assertOneOf('onStoreFailure', options.onStoreFailure ?? 'throw', [
      'throw',
      'anonymous',
    ])
    this.legacyReaders = [...(options.legacyReaders ?? [])]
    this.saveUnchanged = options.saveUnchanged ?? false
    this.duplicateCookies = assertOneOf('duplicateCookies', options.duplicateCookies ?? 'try-all', [
      'try-all',
      'first',
    ])
    this.formerAttributes = [...(options.formerAttributes ?? [])]
    for (const former of this.formerAttributes) {
      assertKnownOptions('formerAttributes', former, ['path', 'domain'])
      assertOptions({ ...this.options, ...former })
    }
    this.now = options.now ?? unixSeconds
  }

  /** Reports an event of the store to the hooks, the diagnostics channels and the observers. */
  emit(event: SessionEvent, source: EventSource = {}): void {
    emit(this.#hooks, event)
    this.observers.notify(event, source)
  }

  /**
   * The codecs that were passed, or a sealed codec for `keys`. Each kind of store has a separate purpose, so that
   * its cookies are not valid in another kind of store.
   */
  codecsFor(purpose: string, settings: SealedSettings = {}): readonly Codec[] {
    const { codecs, now, cacheBytes } = this.#given
    if ((this.keyring === undefined) === (codecs === undefined)) {
      throw new TypeError(
        'a store needs keys, such as keys: [process.env.SESSION_KEY], or codecs instead of them',
      )
    }
    if (!this.keyring) return [...(codecs as readonly Codec[])]
    const sealed = new Sealed({
      keys: this.keyring,
      purpose,
      ...(now && { now }),
      ...(cacheBytes !== undefined && { cacheBytes }),
      maxAge: this.lifetime.idle,
      maxLifetime: this.lifetime.absolute,
      ...settings,
    })
    return [sealed]
  }
}

/** Options that only cookies have. */
const forCookiesOnly = [
  'optionsFor',
  'legacyReaders',
  'duplicateCookies',
  'formerAttributes',
] as const

/** Headers that have a meaning of their own, or that clients in browsers cannot set. */
const reservedHeaders = ['authorization', 'cookie', 'set-cookie', 'vary', 'cache-control']

/** The header that carries sessions, in lower case; undefined for cookies. */
function headerOf(options: CodecStoreOptions): string | undefined {
  const { transport = 'cookie' } = options
  if (typeof transport !== 'object' || transport === null) {
    if (assertOneOf('transport', transport, ['cookie', 'header']) === 'cookie') return undefined
  } else assertKnownOptions('transport', transport, ['header'])
  const header = typeof transport === 'object' ? transport.header : 'X-Session'
  if (typeof header !== 'string' || !isCookieName(header)) {
    throw new TypeError(
      `transport.header must be the name of a header, such as 'X-Session', not ${describeKind(header)}`,
    )
  }
  if (reservedHeaders.includes(header.toLowerCase())) {
    throw new TypeError(`transport.header cannot be ${header}; use a name of your own: 'X-Session'`)
  }
  const unusable = forCookiesOnly.find(option => options[option] !== undefined)
  if (unusable) throw new TypeError(`${unusable} needs transport: 'cookie'; leave it out`)
  return header.toLowerCase()
}

/** The message of the error for a store without any options. */
export function needsKeys(call: string): string {
  return `${call} needs keys: new ${call}(${call === 'CookieStore' ? '' : 'folder, '}{ keys: [process.env.SESSION_KEY] })`
}

/** Where to put what other libraries take as an option of the middleware. */
function hintAt(option: string): string | undefined {
  if (option === 'secret' || option === 'secrets') return 'did you mean keys?'
  if (option === 'cookie') return 'did you mean options?'
  const isAttribute = ['path', 'domain', 'maxAge', 'secure', 'httpOnly', 'sameSite'].includes(
    option,
  )
  return isAttribute ? `did you mean options: { ${option} }?` : undefined
}

/** The longest a session can live in total, in seconds: 30 days, or the Max-Age of its cookie if longer. */
export function longestLife(maxAge: number | 'session' | undefined): number {
  return Math.max(thirtyDays, typeof maxAge === 'number' ? maxAge : 0)
}
