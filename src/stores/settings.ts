/**
 * The settings that all stores have in common.
 *
 * @module
 */

import type { Codec } from '../codec/codec.ts'
import { type KeyList, Keyring } from '../codec/keyring.ts'
import { Sealed, type SealedOptions } from '../codec/sealed.ts'
import {
  assertNoDeletion,
  assertOptions,
  defaultOptions,
  type Options,
  optionOf,
} from '../http/cookie-options.ts'
import { assertTrustProxy, type TrustProxy } from '../http/origin.ts'
import { assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { thirtyDays, unixSeconds } from '../lib/clock.ts'
import type { Hooks } from '../session/events.ts'
import type { Reader } from '../session/legacy-reader.ts'
import {
  assertNoLongerThanAbsolute,
  defaultLifetime,
  type FullLifetime,
  fullLifetime,
  type Lifetime,
} from '../session/lifetime.ts'

/** Options of every `SessionStore`. */
export interface SessionStoreOptions extends Hooks {
  /** Cookie attributes, on top of {@link defaultOptions}. `maxAge` must not delete the cookie. */
  options?: Options
  /** How long sessions live; `options.maxAge` must not exceed `absolute`. Needs a store that keeps lifetimes: one with `keys`, or a server-side one. */
  lifetime?: Lifetime
  /**
   * Which proxies to believe when they say that a request came over HTTPS, for `secure: 'auto'`: how many
   * there are, or a function such as `trustedAddresses` of `silverback/proxies` returns. Default: none.
   */
  trustProxy?: TrustProxy
  /**
   * What to do when the backend fails to read: reject (`'throw'`, the default), or go on with an empty
   * session whose reason is `store-failed` (`'anonymous'`). Saving such a session does nothing, so that the
   * visitor's cookie stays valid, unless it was signed in, rotated or destroyed: then saving rejects.
   */
  onStoreFailure?: 'throw' | 'anonymous'
  /** Readers for the cookies of other libraries, asked in order if there is no session of ours. */
  legacyReaders?: readonly Reader[]
  /**
   * Write sessions that did not change, as Go's `Save` does, even new and empty ones. Default false: nothing
   * is written, and no cookie set, without a reason.
   */
  saveUnchanged?: boolean
  /**
   * What to do with several cookies of this name, such as one of an application on the parent domain: try them in
   * order, eight at most, until one opens and its session is alive (`'try-all'`, the default), or read the
   * first only (`'first'`), as Go does.
   */
  duplicateCookies?: 'try-all' | 'first'
  /**
   * Paths and domains that cookies of this store had in earlier releases. Whenever the session's
   * cookie is set or deleted, those are deleted, so that they cannot be read in its place.
   */
  formerAttributes?: readonly Pick<Options, 'path' | 'domain'>[]
  /** The clock: Unix time in seconds. If you pass codecs, give them the same clock. */
  now?: () => number
}

/** Options of stores that put signed or sealed values into cookies. */
export interface CodecStoreOptions extends SessionStoreOptions {
  /** Secret keys, newest first, for {@link Sealed} cookies: the first seals, all open. */
  keys?: KeyList | Keyring
  /** Codecs of your own instead, newest first: the first writes, all read. */
  codecs?: readonly Codec[]
  /**
   * Memory for cookies that were opened before, in bytes. 0 = none. Default 1 MiB. With `keys` only: codecs
   * of your own have a setting of theirs.
   */
  cacheBytes?: number
}

export const sessionStoreOptions = [
  'options',
  'lifetime',
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
  readonly lifetime: FullLifetime
  readonly trustProxy: TrustProxy | undefined
  readonly onStoreFailure: 'throw' | 'anonymous'
  readonly legacyReaders: readonly Reader[]
  readonly saveUnchanged: boolean
  readonly duplicateCookies: 'try-all' | 'first'
  readonly formerAttributes: readonly Pick<Options, 'path' | 'domain'>[]
  readonly now: () => number
  readonly hooks: Hooks
  readonly keyring: Keyring | undefined
  readonly #given: CodecStoreOptions

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
    assertKnownOptions(owner, given, known)
    // Inherited properties are no options.
    const options: CodecStoreOptions = Object.assign(Object.create(null), given)
    this.#given = options
    this.hooks = options
    this.keyring = options.keys && ringOf(options.keys)
    this.options = { ...defaultOptions, ...options.options }
    assertOptions(this.options)
    assertNoDeletion(this.options)
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

  /**
   * The codecs that were passed, or with `keys` a sealed one. A purpose of its own keeps the cookies of one
   * kind of store from being valid for another.
   */
  codecsFor(purpose: string, settings: SealedSettings = {}): readonly Codec[] {
    const { codecs, now, cacheBytes } = this.#given
    if ((this.keyring === undefined) === (codecs === undefined)) {
      throw new TypeError('a store needs keys, or codecs instead of them')
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

/** The longest a session can live in total, in seconds: 30 days, or the Max-Age of its cookie if longer. */
export function longestLife(maxAge: number | 'session' | undefined): number {
  return Math.max(thirtyDays, typeof maxAge === 'number' ? maxAge : 0)
}

function ringOf(keys: KeyList | Keyring): Keyring {
  return keys instanceof Keyring ? keys : new Keyring(keys)
}
