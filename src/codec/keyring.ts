/**
 * The keys of the sealed codec, newest first.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { hkdf } from '#crypto'
import { describeKind } from '../describe.ts'
import { keyMaterial, type SecretKey } from './key-material.ts'

/** One secret, and the keys derived from it: one for each hour in which texts are sealed. */
export class SealingKey {
  /** Names the key inside a text; tells nothing of the key. */
  readonly id: number
  readonly #material: Uint8Array
  readonly #derived = new Map<number, Uint8Array>()

  constructor(material: Uint8Array) {
    this.#material = material
    const id = hkdf(material, utf8Bytes('silverback sealed v1 key id'), 4)
    this.id = new DataView(id.buffer).getUint32(0)
  }

  /**
   * The AES-256 key for texts sealed in this hour (Unix time in hours). Few texts share a key, so
   * that random nonces of 96 bits stay far from their bound (NIST SP 800-38D §8.3).
   */
  forHour(hour: number): Uint8Array {
    let key = this.#derived.get(hour)
    if (!key) {
      key = hkdf(this.#material, utf8Bytes(`silverback sealed v1 hour ${hour}`), 32)
      this.#derived.set(hour, key)
      if (this.#derived.size > keptHours) this.#derived.delete(oldest(this.#derived))
    }
    return key
  }
}

/** Derived keys held for each secret: the hours of 40 days, 64 KiB at most with their entries. */
const keptHours = 960

function oldest(map: Map<number, unknown>): number {
  return map.keys().next().value as number
}

/** Keys as the sealed codec takes them: newest first. */
export type KeyList = readonly SecretKey[]

/**
 * Keys newest first: the first seals, all open. Make one of it and give it to several stores, to
 * replace the keys of all of them at once.
 */
export class Keyring {
  #keys: readonly SealingKey[]

  /** Throws TypeError or RangeError, naming the key by its place in the list. */
  constructor(keys: KeyList) {
    this.#keys = sealingKeys(keys)
  }

  /** The key that seals. */
  get newest(): SealingKey {
    return this.#keys[0] as SealingKey
  }

  /** The keys with this id: one as a rule, none for a key that was removed. */
  find(id: number): readonly SealingKey[] {
    return this.#keys.filter(key => key.id === id)
  }

  /** True for a key that is in the ring now. */
  has(key: SealingKey): boolean {
    return this.#keys.includes(key)
  }

  /**
   * Takes other keys from now on. What an old key sealed stays readable for as long as that key is
   * in the list. Throws as the constructor does, and then keeps the keys it has.
   */
  replace(keys: KeyList): void {
    this.#keys = sealingKeys(keys)
  }
}

function sealingKeys(keys: KeyList): SealingKey[] {
  if (!Array.isArray(keys)) {
    throw new TypeError(`keys must be an array of keys, newest first, not ${describeKind(keys)}`)
  }
  if (keys.length === 0) throw new RangeError('keys must have at least one key')
  return keys.map((key, index) => new SealingKey(keyMaterial(`keys[${index}]`, key)))
}
