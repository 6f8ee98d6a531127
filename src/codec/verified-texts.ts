/**
 * Texts whose authenticity was proved a moment ago: browsers send the same cookie over and over.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { latin1Text, utf8Bytes } from '#bytes'
import { assertInteger } from '../lib/assert-options.ts'

/** What a codec needs to know of a text that it verified before. */
export interface VerifiedText {
  /** The cookie name that it was verified for. */
  readonly name: string
  /** What was decrypted or unpacked. Never handed out: callers get a copy. */
  readonly content: Uint8Array
}

/** A guess of what an entry takes beside its text and content, in bytes. */
const overhead = 256

/** Places for the ends of texts that were seen once. */
const glances = 1024

/** As much of the end of a text as tells it from all others: the end is a MAC or a tag. */
const endLength = 12

/**
 * Remembers the outcome of the cryptography and nothing else. Age, revocation and removed keys are
 * looked at each time, and values are deserialized each time, so that no two requests share one.
 * Only authentic texts get in: strangers cannot fill it.
 */
export class VerifiedTexts<T extends VerifiedText> {
  readonly #cache: LRUCache<string, T> | undefined
  readonly #seenOnce: string[] = new Array(glances).fill('')

  /** @param maxBytes - most memory it takes, about; 0 for none: then it remembers nothing */
  constructor(maxBytes: number) {
    assertInteger('cacheBytes', maxBytes, 0)
    if (maxBytes === 0) return
    this.#cache = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ content }, text) => text.length + content.length + overhead,
    })
  }

  /** What is known of this text under this name. */
  get(name: string, text: string): T | undefined {
    const entry = this.#cache?.get(text)
    return entry?.name === name ? entry : undefined
  }

  /**
   * Remembers a text that was verified, from the second time on: keeping one that does not come
   * again costs more than it can save.
   */
  add(text: string, entry: () => T): void {
    if (!this.#cache || this.#isNew(text)) return
    // A copy: `text` is often a slice that would keep the whole Cookie header in memory.
    this.#cache.set(latin1Text(utf8Bytes(text), 0, text.length), entry())
  }

  /** True for the first time, as far as is known. A mistake costs a little time and nothing else. */
  #isNew(text: string): boolean {
    const end = text.slice(-endLength)
    const place = (end.charCodeAt(3) * 64 + end.charCodeAt(5)) % glances
    const isNew = this.#seenOnce[place] !== end
    this.#seenOnce[place] = end
    return isNew
  }
}
