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
import { withDeadline } from './deadline.ts'
import { assertLimitations } from './limitations.ts'
import type { Persistence } from './persistence.ts'
import { SessionStore } from './session-store.ts'
import { type CodecStoreOptions, codecStoreOptions, needsKeys, Settings } from './settings.ts'

/** Options of a {@link CookieStore}. */
export interface CookieStoreOptions extends CodecStoreOptions {
  /**
   * What to do with a session that is too large for one cookie (4096 bytes of name and value): `'throw'` a
   * CookieTooLargeError; `'chunk'`: use several cookies; `'spill'`: keep it in `spillTo` for as long as it is too
   * large. Default `'throw'`.
   */
  tooLarge?: 'throw' | 'chunk' | 'spill'
  /**
   * With `'chunk'`: the limit in bytes for all cookies of a session together, because servers reject requests whose
   * headers exceed 8 to 16 KiB. With `transport: 'header'`: the limit for the name and value of a session. Default
   * 12,288, and 8192 in a header.
   */
  maxTotalBytes?: number
  /** With `'spill'`, which requires it: the backend for sessions that are too large. Default: none. */
  spillTo?: Backend
  /**
   * Where to record which sessions have ended, so that a copy of their cookies is worthless. Costs a read for
   * each request with a cookie. Default: none, so that a cookie is valid until it expires.
   */
  revocation?: Backend
  /**
   * Refuse sessions that began before the records in `revocation` did: after the backend has lost its data, and
   * when the option is first used, everybody signs in again. Without it, ended sessions become valid again if their
   * record is lost. Costs another read for each request with a cookie. Default false.
   */
  strictRevocation?: boolean
  /**
   * The limit in milliseconds for each operation of `revocation` and `spillTo`. If it takes longer, it is aborted, and
   * rejects with `store-failed`. Default: that of their clients.
   */
  deadlineMs?: number
  /** Limitations of `revocation` and `spillTo` that you accept: backends with others are refused. Default: none. */
  acceptLimitations?: readonly Limitation[]
}

const cookieStoreOptions = [
  ...codecStoreOptions,
  'tooLarge',
  'maxTotalBytes',
  'spillTo',
  'revocation',
  'strictRevocation',
  'deadlineMs',
  'acceptLimitations',
] as const satisfies (keyof CookieStoreOptions)[]

/** Keeps the values of sessions in their cookies. */
export class CookieStore extends SessionStore {
  /** @internal */
  static override readonly name: string = 'CookieStore'

  /** The codecs of the cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #revocations: Revocable | undefined

  /** Throws TypeError or RangeError for wrong options, naming them. */
  constructor(options: CookieStoreOptions) {
    if (options === undefined) throw new TypeError(needsKeys('CookieStore'))
    const settings = new Settings('CookieStore', options, cookieStoreOptions)
    const codecs = settings.codecsFor('session')
    const stored = storedWith(codecs, options, settings)
    const { revocation, strictRevocation: strict, spillTo, acceptLimitations, deadlineMs } = options
    if (deadlineMs !== undefined && !revocation && !spillTo) {
      throw new TypeError('deadlineMs needs revocation or spillTo: other sessions need no backend')
    }
    if (strict && !revocation) throw new TypeError('strictRevocation needs revocation, a backend')
    // An entry that is evicted would make a session valid again that was ended.
    if (revocation) assertLimitations(revocation, acceptLimitations, 'revocation')
    const harmless: Limitation[] = ['records-may-be-evicted']
    if (spillTo) assertLimitations(spillTo, acceptLimitations, 'spillTo', harmless)
    const revocable =
      revocation &&
      new Revocable(stored, withDeadline(revocation, deadlineMs), { now: settings.now, strict })
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
  { tooLarge = 'throw', maxTotalBytes, spillTo, deadlineMs }: CookieStoreOptions,
  settings: Settings,
): Persistence {
  assertOneOf('tooLarge', tooLarge, ['throw', 'chunk', 'spill'])
  const isHeader = settings.header !== undefined
  if (isHeader && tooLarge === 'chunk') {
    throw new TypeError("tooLarge: 'chunk' needs transport: 'cookie'; a header is not split")
  }
  const total = assertInteger(
    'maxTotalBytes',
    maxTotalBytes ?? (isHeader ? 8192 : 12_288),
    maxCookieBytes,
  )
  if (tooLarge === 'spill' && !spillTo) {
    throw new TypeError("tooLarge: 'spill' needs spillTo, a backend for large sessions")
  }
  const keepsMetadata = settings.keyring !== undefined
  const limit = isHeader || tooLarge === 'chunk' ? total : maxCookieBytes
  const cookies = new CookiePersistence(codecs, keepsMetadata, { tooLarge, maxTotalBytes: limit })
  if (!spillTo) return cookies
  return new Spilling(cookies, withDeadline(spillTo, deadlineMs), {
    idCodecs: settings.codecsFor('session spill id'),
    recordCodecs: settings.codecsFor('session spill'),
    spills: tooLarge === 'spill',
    maxTotalBytes: limit,
    now: settings.now,
  })
}
