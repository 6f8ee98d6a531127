/**
 * A cache of encoded values that were verified recently: browsers send the same cookie with every request.
 *
 * @module
 */

import { LRUCache } from 'lru-cache'
import { latin1Text, utf8Bytes } from '#bytes'
import { assertInteger } from '../lib/assert-options.ts'

/** What a codec remembers of an encoded value that it verified. */
export interface Verified {
  /** The cookie name that the value was verified for. */
  readonly name: string
  /** The decrypted or unpacked bytes. The cache keeps them, so callers get copies. */
  readonly content: Uint8Array
}

interface Entry<T> {
  readonly encoded: string
  readonly verified: T
}

/** An estimate of the memory that an entry takes besides its two values, in bytes. */
const overhead = 256

/** How many fingerprints of values seen once are remembered. */
const slots = 1024

/** Encoded values end in a MAC or an authentication tag: these last characters identify a value. */
const keyLength = 12

/**
 * Caches the outcome of the cryptography. Expiry, revocation and removed keys are checked for each request, and each
 * request gets values of its own, so that no two requests share an object. Only authentic values get in: a client without the key cannot fill the cache.
 */
export class VerificationCache<T extends Verified> {
  readonly #entries: LRUCache<string, Entry<T>> | undefined
  readonly #seenOnce = new Int32Array(slots)

  /**
   * @param maxBytes - approximate limit of the memory used; 0 turns the cache off
   * @param contentFactor - how many times the length of the content an entry takes for it
   */
  constructor(maxBytes: number, contentFactor = 1) {
    assertInteger('cacheBytes', maxBytes, 0)
    if (maxBytes === 0) return
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ encoded, verified }) =>
        encoded.length + contentFactor * verified.content.length + overhead,
    })
  }

  /** What was added for this value under this cookie name. */
  get(name: string, encoded: string): T | undefined {
    if (!this.#entries || this.#entries.size === 0) return undefined
    const entry = this.#entries.get(encoded.slice(-keyLength))
    return entry?.encoded === encoded && entry.verified.name === name ? entry.verified : undefined
  }

  /**
   * Whether to {@link add} a value that was just verified: true from the second time it is seen. Adding a
   * value that never comes back costs more than the cache can save.
   */
  isWorthAdding(encoded: string): boolean {
    if (!this.#entries) return false
    const fingerprint = fingerprintOf(encoded)
    // The top ten bits of a multiplicative hash.
    const slot = Math.imul(fingerprint, 0x9e3779b1) >>> 22
    if (this.#seenOnce[slot] === fingerprint) return true
    this.#seenOnce[slot] = fingerprint
    return false
  }

  /** Adds a value that was verified. `verified.content` must not change afterwards. */
  add(encoded: string, verified: T): void {
    // A copy: the string is often a slice, which would keep the whole Cookie header in memory.
    const copy = latin1Text(utf8Bytes(encoded), 0, encoded.length)
    this.#entries?.set(copy.slice(-keyLength), { encoded: copy, verified })
  }
}

/**
 * 30 bits from the end of an encoded value, without its last two characters, which may be padding. When two
 * values share a fingerprint, one of them is added a little too early.
 */
function fingerprintOf(encoded: string): number {
  let fingerprint = 0
  for (let at = encoded.length - 7; at < encoded.length - 2; at++) {
    fingerprint = (fingerprint << 6) ^ encoded.charCodeAt(at)
  }
  return fingerprint
}
