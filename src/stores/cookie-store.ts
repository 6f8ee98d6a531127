/**
 * Sessions that travel in their cookies.
 *
 * @module
 */

import type { Backend, Limitation } from '../backends/backend.ts'
import type { Codec } from '../codec/codec.ts'
import { maxCookieBytes } from '../http/chunks.ts'
import { assertInteger, assertOneOf } from '../lib/assert-options.ts'
import { assertOwner } from '../session/owner.ts'
import { Session } from '../session/session.ts'
import { CookiePersistence } from './cookie/cookie-persistence.ts'
import { Revocable } from './cookie/revocable.ts'
import { Spilling } from './cookie/spilling.ts'
import { assertLimitations } from './limitations.ts'
import type { Persistence } from './persistence.ts'
import { SessionStore } from './session-store.ts'
import { type CodecStoreOptions, codecStoreOptions, Settings } from './settings.ts'

/** Options of a {@link CookieStore}. */
export interface CookieStoreOptions extends CodecStoreOptions {
  /**
   * What to do with a session that is too large for one cookie (4096 bytes of name and value): `'throw'` a
   * CookieTooLargeError, the default; `'chunk'`: use several cookies; `'spill'`: keep it in `spillTo` for as
   * long as it is too large.
   */
  tooLarge?: 'throw' | 'chunk' | 'spill'
  /**
   * With `'chunk'`: the limit in bytes for all cookies of a session together. Default 12,288, because servers
   * reject requests whose headers exceed 8 to 16 KiB.
   */
  maxTotalBytes?: number
  /** With `'spill'`: the backend for sessions that are too large. */
  spillTo?: Backend
  /**
   * Where to record which sessions have ended, so that a copy of their cookies is worthless. Costs a read for
   * each request with a cookie. Without it, a cookie is valid until it expires.
   */
  revocation?: Backend
  /**
   * Refuse sessions that began before the records in `revocation` did: after the backend has lost its data, and
   * when the option is first used, everybody signs in again. By default, ended sessions of which the record is
   * lost are valid again. Costs another read for each request with a cookie.
   */
  strictRevocation?: boolean
  /** Limitations of `revocation` and `spillTo` that you accept: backends with others are refused. */
  acceptLimitations?: readonly Limitation[]
}

const cookieStoreOptions = [
  ...codecStoreOptions,
  'tooLarge',
  'maxTotalBytes',
  'spillTo',
  'revocation',
  'strictRevocation',
  'acceptLimitations',
] as const satisfies (keyof CookieStoreOptions)[]

/** Keeps the values of sessions in their cookies. */
export class CookieStore extends SessionStore {
  /** The codecs of the cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #revocations: Revocable | undefined

  /** Throws TypeError or RangeError for wrong options, naming them. */
  constructor(options: CookieStoreOptions) {
    const settings = new Settings('CookieStore', options, cookieStoreOptions)
    const codecs = settings.codecsFor('session')
    const stored = storedWith(codecs, options, settings)
    const { revocation, strictRevocation: strict, spillTo, acceptLimitations } = options
    if (strict && !revocation) throw new TypeError('strictRevocation needs revocation, a backend')
    // An entry that is evicted would make a session valid again that was ended.
    if (revocation) assertLimitations(revocation, acceptLimitations, 'revocation')
    const harmless: Limitation[] = ['records-may-be-evicted']
    if (spillTo) assertLimitations(spillTo, acceptLimitations, 'spillTo', harmless)
    const revocable = revocation && new Revocable(stored, revocation, { now: settings.now, strict })
    super(revocable ?? stored, settings)
    this.codecs = codecs
    this.#revocations = revocable
  }

  /**
   * Ends every session of the owner except `except`, which the caller saves: "sign out everywhere else".
   * Throws a TypeError without `revocation`, and unless `owner` is a non-empty string. Rejects with `store-failed` when the backend fails.
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | undefined } = {},
  ): Promise<void> {
    assertOwner(owner)
    const ownerEpoch = await this.#needRevocation('revokeAll').endOwner(owner)
    if (except) Session.noteMetadata(except, { ownerEpoch })
    this.emit({ type: 'revoke', what: 'owner' })
  }

  /** Ends every session of the store. Throws and rejects like {@link revokeAll}. */
  async revokeEverything(): Promise<void> {
    await this.#needRevocation('revokeEverything').endEverything()
    this.emit({ type: 'revoke', what: 'everything' })
  }

  #needRevocation(call: string): Revocable {
    if (this.#revocations) return this.#revocations
    throw new TypeError(`${call} needs the option revocation: cookies alone cannot be revoked`)
  }
}

function storedWith(
  codecs: readonly Codec[],
  { tooLarge = 'throw', maxTotalBytes = 12_288, spillTo }: CookieStoreOptions,
  settings: Settings,
): Persistence {
  assertOneOf('tooLarge', tooLarge, ['throw', 'chunk', 'spill'])
  assertInteger('maxTotalBytes', maxTotalBytes, maxCookieBytes)
  if (tooLarge === 'spill' && !spillTo) {
    throw new TypeError("tooLarge: 'spill' needs spillTo, a backend for large sessions")
  }
  const keepsMetadata = settings.keyring !== undefined
  const cookies = new CookiePersistence(codecs, keepsMetadata, { tooLarge, maxTotalBytes })
  if (!spillTo) return cookies
  return new Spilling(cookies, spillTo, {
    idCodecs: settings.codecsFor('session spill id'),
    recordCodecs: settings.codecsFor('session spill'),
    spills: tooLarge === 'spill',
    now: settings.now,
  })
}
