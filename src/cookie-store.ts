/**
 * Sessions that travel in their cookie.
 *
 * @module
 */

import type { Backend } from './backend.ts'
import { wholeNumber } from './checks.ts'
import { CodecStore, type CodecStoreOptions, type OpenedText, openText } from './codec-store.ts'
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

  protected read<T extends object>(name: string, text: string): Session<T> | Promise<Session<T>> {
    if (!this.#spillOver || !SpillOver.isMark(text)) {
      return this.#sessionIn(name, openText(name, text, this.codecs))
    }
    return this.#spillOver.read(name, text).then(result => this.#sessionIn<T>(name, result))
  }

  #sessionIn<T extends object>(name: string, result: OpenedText): Session<T> {
    return 'reason' in result
      ? this.begin(name, result.reason)
      : this.resume(name, result.opened, { id: result.id })
  }

  protected write(session: Session<object>): string | undefined | Promise<string | undefined> {
    const text = this.encodeValues(session, this.codecs)
    return this.#spillOver ? this.#spill(this.#spillOver, session, text) : text
  }

  async #spill(
    spillOver: SpillOver,
    session: Session<object>,
    text: string,
  ): Promise<string | undefined> {
    if (session.name.length + text.length > maxCookieBytes) {
      return this.#tooLarge === 'spill' ? spillOver.write(session, this.contextOf(session)) : text
    }
    if (session.id !== undefined) await spillOver.release(session.id)
    return text
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
