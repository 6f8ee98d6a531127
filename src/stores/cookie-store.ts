/**
 * Sessions that travel in their cookie.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import { maxCookieBytes, type Piece, splitValue } from '../http/chunks.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { thirtyDays } from '../lib/clock.ts'
import { sideTable } from '../lib/side-table.ts'
import { decodeMetadata, encodeMetadata, type SessionMarks, unmarked } from '../session/metadata.ts'
import { Session } from '../session/session.ts'
import type { Capability } from '../session/store.ts'
import { CodecStore, type CodecStoreOptions } from './codec-store.ts'
import { assertFits } from './cookie/cookie-size.ts'
import { Revocations } from './cookie/revocations.ts'
import { SpillOver } from './cookie/spilling.ts'
import { type OpenedText, openText } from './open-text.ts'

const nothing = new Uint8Array(0)

/** What a {@link CookieStore} can be told besides what every store can. */
export interface CookieStoreOptions extends CodecStoreOptions {
  /**
   * What to do with a session that one cookie cannot hold (4096 bytes of name and value):
   * `'throw'` a CookieTooLargeError, the default; `'chunk'`: use several cookies; `'spill'`: keep
   * it in `spillTo` for as long as it is too large.
   */
  tooLarge?: 'throw' | 'chunk' | 'spill'
  /**
   * With `'chunk'`, bytes of all cookies of a session together. Default 12,288: servers refuse
   * requests whose headers have more than 8 to 16 KiB.
   */
  maxTotalBytes?: number
  /** Where `'spill'` keeps sessions. */
  spillTo?: Backend
  /**
   * Where to note which sessions have ended, so that a copy of their cookies is worth nothing. Costs a
   * read with each request that has a cookie. Left out: a cookie counts until it expires.
   */
  revocation?: Backend
}

/** Keeps the values of sessions in their cookies: nothing is stored on the server. */
export class CookieStore extends CodecStore {
  readonly #tooLarge: 'throw' | 'chunk' | 'spill'
  readonly #maxTotalBytes: number
  readonly #spillOver: SpillOver | undefined
  readonly #revocations: Revocations | undefined
  readonly #marks = sideTable<SessionMarks>()

  /** Throws TypeError or RangeError for wrong options. */
  constructor(options: CookieStoreOptions) {
    super(options, 'session')
    this.#tooLarge = options.tooLarge ?? 'throw'
    this.#maxTotalBytes = options.maxTotalBytes ?? 12_288
    if (!['throw', 'chunk', 'spill'].includes(this.#tooLarge)) {
      throw new TypeError("tooLarge must be 'throw', 'chunk' or 'spill'")
    }
    assertInteger('maxTotalBytes', this.#maxTotalBytes, maxCookieBytes)
    if (this.#tooLarge === 'spill' && !options.spillTo) {
      throw new TypeError("tooLarge: 'spill' needs spillTo, a backend")
    }
    if (options.spillTo) {
      this.#spillOver = new SpillOver(
        options.spillTo,
        this.codecsFor('session spill id'),
        this.codecsFor('session spill'),
        options.now,
      )
      this.agingCodecs.push(...this.#spillOver.codecs)
    }
    if (options.revocation) {
      if (!this.keepsMetadata)
        throw new TypeError('revocation needs keys: codecs have no place for it')
      this.#revocations = new Revocations(options.revocation, this.now)
    }
  }

  override get capabilities(): ReadonlySet<Capability> {
    const own: Capability[] = this.#revocations ? ['revocation', 'owners'] : []
    return new Set([...super.capabilities, ...own])
  }

  /**
   * Ends every session of the owner, but for `except`, which the caller saves: "sign out everywhere
   * else". Throws a TypeError without `revocation`. Rejects with `store-failed`.
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | undefined } = {},
  ): Promise<void> {
    const revocations = this.#needRevocations('revokeAll')
    const ownerEpoch = await revocations.endOwner(owner, this.#longestLife())
    if (except) this.#marks.set(except, { ...this.#marksOf(except), ownerEpoch })
    this.tell({ type: 'revoke', store: this.constructor.name, what: 'owner' })
  }

  /** Ends every session of the store. Throws and rejects as {@link revokeAll}. */
  async revokeEverything(): Promise<void> {
    await this.#needRevocations('revokeEverything').endEverything()
    this.tell({ type: 'revoke', store: this.constructor.name, what: 'everything' })
  }

  protected read<T extends object>(name: string, text: string): Session<T> | Promise<Session<T>> {
    const opened =
      this.#spillOver && SpillOver.isMark(text)
        ? this.#spillOver.read(name, text).then(result => this.#sessionIn<T>(name, result))
        : this.#sessionIn<T>(name, openText(name, text, this.codecs))
    return this.#revocations ? this.#unlessRevoked(name, opened, this.#revocations) : opened
  }

  async #unlessRevoked<T extends object>(
    name: string,
    opened: Session<T> | Promise<Session<T>>,
    revocations: Revocations,
  ): Promise<Session<T>> {
    const session = await opened
    const isRevoked = !session.isNew && (await revocations.isRevoked(this.metadataRead(session)))
    return isRevoked ? this.begin(name, 'revoked') : session
  }

  #sessionIn<T extends object>(name: string, result: OpenedText): Session<T> {
    if ('reason' in result) return this.begin(name, result.reason, result.refusals)
    const metadata = decodeMetadata(result.opened.metadata ?? nothing)
    if (!metadata) return this.begin(name, 'malformed')
    return this.resume(name, result.opened, metadata, { id: result.id })
  }

  protected override hasEndedEverything(): boolean | Promise<boolean> {
    return this.#revocations?.hasEndedEverything() ?? false
  }

  protected override marksOf(session: Session<object>): SessionMarks {
    return this.#revocations ? this.#marksOf(session) : unmarked
  }

  protected write(session: Session<object>): string | undefined | Promise<string | undefined> {
    return this.#revocations ? this.#writeMarked(session, this.#revocations) : this.#write(session)
  }

  #write(session: Session<object>): string | undefined | Promise<string | undefined> {
    const text = this.encodeValues(session, this.codecs)
    return this.#spillOver ? this.#spill(this.#spillOver, session, text) : text
  }

  /** The text of a session under marks that are up to date; undefined when it was ended meanwhile. */
  async #writeMarked(
    session: Session<object>,
    revocations: Revocations,
  ): Promise<string | undefined> {
    const before = this.#marksOf(session)
    const { owner } = this.metadataRead(session)
    // A session that was not read can have ended only since it was saved in this request.
    const isKnown = !session.isNew || before.lineage !== undefined
    if (isKnown && (await revocations.isRevoked({ ...before, owner }))) return undefined
    this.#marks.set(session, await this.#nextMarks(session, before, revocations))
    const text = await this.#write(session)
    // Before others end: what has no room in a cookie leaves them as they are.
    if (text !== undefined) this.pieces(session, text)
    if (before.lineage !== undefined) await this.#endEarlier(session, before.lineage, revocations)
    return text
  }

  async #nextMarks(
    session: Session<object>,
    before: SessionMarks,
    revocations: Revocations,
  ): Promise<SessionMarks> {
    const owner = session.owner || undefined
    const rotation = Session.rotationOf(session)
    if (before.lineage === undefined || rotation === 'login') return revocations.begin(owner)
    const isOther = owner !== this.metadataRead(session).owner
    const ownerEpoch = isOther ? await revocations.ownerEpoch(owner) : before.ownerEpoch
    const generation = rotation ? (before.generation ?? 0) + 1 : before.generation
    return { ...before, ownerEpoch, generation }
  }

  /** Cookies from before a rotation, or from before a sign-in, are worth nothing from here on. */
  async #endEarlier(
    session: Session<object>,
    lineage: string,
    revocations: Revocations,
  ): Promise<void> {
    if (!Session.rotationOf(session)) return
    const now = this.#marksOf(session)
    if (now.lineage !== lineage) await revocations.end(lineage, this.#longestLife())
    else await revocations.raise(lineage, now.generation ?? 0, this.#longestLife())
  }

  #marksOf(session: Session<object>): SessionMarks {
    const { lineage, generation, ownerEpoch, epoch } = this.metadataRead(session)
    return this.#marks.get(session) ?? { lineage, generation, ownerEpoch, epoch }
  }

  /** Seconds for which a cookie of this store can count. */
  #longestLife(): number {
    return Math.max(...this.codecs.map(codec => codec.maxLifetime ?? thirtyDays))
  }

  #needRevocations(call: string): Revocations {
    if (this.#revocations) return this.#revocations
    throw new TypeError(`${call} needs the option revocation: cookies alone cannot be called back`)
  }

  async #spill(
    spillOver: SpillOver,
    session: Session<object>,
    text: string,
  ): Promise<string | undefined> {
    if (session.name.length + text.length > maxCookieBytes) {
      if (this.#tooLarge !== 'spill') return text
      const metadata = encodeMetadata(this.metadataOf(session))
      return spillOver.write(session, { ...this.contextOf(session), metadata })
    }
    if (session.id !== undefined) await spillOver.release(session.id)
    return text
  }

  protected async erase(session: Session<object>): Promise<void> {
    const { lineage } = this.#marksOf(session)
    if (lineage !== undefined) await this.#revocations?.end(lineage, this.#longestLife())
    if (session.id !== undefined) await this.#spillOver?.erase(session.id)
  }

  protected override pieces(session: Session<object>, text: string): Piece[] {
    if (this.#tooLarge !== 'chunk') return super.pieces(session, text)
    const pieces = splitValue(session.name, text)
    const names = pieces.reduce((bytes, piece) => bytes + piece.name.length, 0)
    assertFits(session, text, this.#maxTotalBytes - names + session.name.length, this.codecs)
    return pieces
  }
}
