/**
 * Texts whose authenticity was proved a moment ago: browsers send the same cookie over and over.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { latin1Text, utf8Bytes } from '#bytes'
import { assertInteger } from '../lib/assert-options.ts'

/** What a codec remembers of a text that it verified. */
export interface VerifiedText {
  /** The cookie name that the text was verified for. */
  readonly name: string
  /** The decrypted or unpacked bytes. Never handed out: callers get a copy. */
  readonly content: Uint8Array
}

interface Entry<T> {
  readonly text: string
  readonly verified: T
}

/** An estimate of the memory that an entry takes besides its text and content, in bytes. */
const overhead = 256

/** How many fingerprints of texts seen once are remembered. */
const sightings = 1024

/** Texts end in a MAC or an authentication tag: these characters identify a text. */
const keyLength = 12

/**
 * Remembers the outcome of the cryptography and nothing else. Expiry, revocation and removed keys are
 * checked for each request, and values are deserialized for each request, so that no two requests share
 * one. Only authentic texts get in: a client without the key cannot fill the cache.
 */
export class VerifiedTexts<T extends VerifiedText> {
  readonly #cache: LRUCache<string, Entry<T>> | undefined
  readonly #seenOnce = new Int32Array(sightings)

  /** @param maxBytes - about how much memory to use; 0 turns the cache off */
  constructor(maxBytes: number) {
    assertInteger('cacheBytes', maxBytes, 0)
    if (maxBytes === 0) return
    this.#cache = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ text, verified }) => text.length + verified.content.length + overhead,
    })
  }

  /** What is known of this text under this name. */
  get(name: string, text: string): T | undefined {
    if (!this.#cache || this.#cache.size === 0) return undefined
    const entry = this.#cache.get(text.slice(-keyLength))
    return entry?.text === text && entry.verified.name === name ? entry.verified : undefined
  }

  /**
   * Whether to {@link add} a text that was just verified: from its second time on. Keeping a text that
   * does not come again costs more than it can save.
   */
  isWorthKeeping(text: string): boolean {
    if (!this.#cache) return false
    const fingerprint = fingerprintOf(text)
    // The top ten bits of a multiplicative hash.
    const slot = Math.imul(fingerprint, 0x9e3779b1) >>> 22
    if (this.#seenOnce[slot] === fingerprint) return true
    this.#seenOnce[slot] = fingerprint
    return false
  }

  /** Remembers a text that was verified. `verified.content` must not change afterwards. */
  add(text: string, verified: T): void {
    // A copy: `text` is often a slice that would keep the whole Cookie header in memory.
    const copy = latin1Text(utf8Bytes(text), 0, text.length)
    this.#cache?.set(copy.slice(-keyLength), { text: copy, verified })
  }
}

/**
 * 30 bits from the end of a text, without the last two characters: these may be padding. Two texts may
 * share a fingerprint; one of them is then remembered a little too early.
 */
function fingerprintOf(text: string): number {
  let fingerprint = 0
  for (let at = text.length - 7; at < text.length - 2; at++) {
    fingerprint = (fingerprint << 6) ^ text.charCodeAt(at)
  }
  return fingerprint
}
