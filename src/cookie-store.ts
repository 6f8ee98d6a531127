/**
 * Sessions that travel in their cookie.
 *
 * @module
 */

import type { Backend } from './backend.ts'
import { wholeNumber } from './checks.ts'
import { encodeMulti } from './codec/codec.ts'
import { CodecStore, type CodecStoreOptions, openText } from './codec-store.ts'
import { assertFits } from './fits.ts'
import { maxCookieBytes, type Piece, splitValue } from './http/chunks.ts'
import type { Session } from './session.ts'
import { SpillOver } from './spill-over.ts'

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
}

/** Keeps the values of sessions in their cookies: nothing is stored on the server. */
export class CookieStore extends CodecStore {
  readonly #tooLarge: 'throw' | 'chunk' | 'spill'
  readonly #maxTotalBytes: number
  readonly #spillOver: SpillOver | undefined

  /** Throws TypeError or RangeError for wrong options. */
  constructor(options: CookieStoreOptions) {
    super(options, 'session')
    this.#tooLarge = options.tooLarge ?? 'throw'
    this.#maxTotalBytes = options.maxTotalBytes ?? 12_288
    if (!['throw', 'chunk', 'spill'].includes(this.#tooLarge)) {
      throw new TypeError("tooLarge must be 'throw', 'chunk' or 'spill'")
    }
    wholeNumber('maxTotalBytes', this.#maxTotalBytes, maxCookieBytes)
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
  }

  protected async read<T extends object>(name: string, text: string): Promise<Session<T>> {
    const result =
      this.#spillOver && SpillOver.isMark(text)
        ? await this.#spillOver.read(name, text)
        : openText(name, text, this.codecs)
    if ('reason' in result) return this.begin(name, result.reason)
    return this.resume(name, result.opened, result.id)
  }

  protected async write(session: Session<object>): Promise<string | undefined> {
    const { name, values, id } = session
    const context = this.contextOf(session)
    const text = encodeMulti(name, values, this.codecs, context)
    if (!this.#spillOver) return text
    if (name.length + text.length <= maxCookieBytes) {
      if (id !== undefined) await this.#spillOver.release(id)
      return text
    }
    return this.#tooLarge === 'spill' ? this.#spillOver.write(session, context) : text
  }

  protected async erase({ id }: Session<object>): Promise<void> {
    if (id !== undefined) await this.#spillOver?.erase(id)
  }

  protected override pieces(session: Session<object>, text: string): Piece[] {
    if (this.#tooLarge !== 'chunk') return super.pieces(session, text)
    const pieces = splitValue(session.name, text)
    const names = pieces.reduce((bytes, piece) => bytes + piece.name.length, 0)
    assertFits(session, text, this.#maxTotalBytes - names + session.name.length, this.codecs)
    return pieces
  }
}
