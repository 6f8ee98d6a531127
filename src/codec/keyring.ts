/**
 * The keys of the sealed codec, newest first.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { equalBytes, hkdf } from '#crypto'
import { SessionError } from '../errors.ts'
import { describeKind } from '../lib/describe.ts'
import { keyMaterial, type SecretKey } from './key-material.ts'

/** Derived keys held for each secret: the hours of 40 days. */
const keptHours = 960

/** One secret, and the keys derived from it: one for each hour in which texts are sealed. */
export class SealingKey {
  /** Names the key inside a text; tells nothing of the key. */
  readonly id: number
  readonly #material: Uint8Array
  readonly #derived = new Map<number, Uint8Array>()

  constructor(material: Uint8Array) {
    this.#material = material
    const id = hkdf(material, utf8Bytes('silverback sealed v1 key id'), 4)
    this.id = new DataView(id.buffer, id.byteOffset).getUint32(0)
  }

  /** True when this key was made of the same secret. */
  isMadeOf(material: Uint8Array): boolean {
    return equalBytes(this.#material, material)
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
      const [oldest] = this.#derived.keys()
      if (this.#derived.size > keptHours) this.#derived.delete(oldest as number)
    }
    return key
  }
}

/** Secret keys, newest first. */
export type KeyList = readonly SecretKey[]

/** For a ring that gets its first keys later. */
const notYet: KeyList = []

/**
 * Keys newest first: the first seals, all open. Make one and give it to several stores, to replace
 * the keys of all of them at once.
 */
export class Keyring {
  #keys: readonly SealingKey[]

  /** Throws TypeError or RangeError, naming a wrong key by its place in the list. */
  constructor(keys: KeyList) {
    this.#keys = keys === notYet ? [] : sealingKeys(keys, [])
  }

  /** The key that seals. */
  get newest(): SealingKey {
    const key = this.#keys[0]
    if (!key)
      throw new SessionError('keys-not-loaded', 'the keys are not loaded yet; await ready()')
    return key
  }

  /** The keys with this id: one as a rule, none for a key that was removed. */
  find(id: number): readonly SealingKey[] {
    return this.#keys.filter(key => key.id === id)
  }

  /** True for a key that is in the ring now. */
  has(key: SealingKey): boolean {
    return this.#keys.includes(key)
  }

  /** Something to wait for before the keys are used; undefined when they can be used now. */
  ready(): Promise<void> | undefined {
    return undefined
  }

  /**
   * Takes other keys from now on. What an old key sealed stays readable for as long as that key is
   * in the list. Throws as the constructor does, and then keeps the keys it has.
   */
  replace(keys: KeyList): void {
    this.#keys = sealingKeys(keys, this.#keys)
  }
}

/** How a {@link keyring} of provided keys is kept fresh. */
export interface ProviderOptions {
  /** Seconds after which the keys are asked for anew. Default 300. */
  refresh?: number
  /** Told when the provider fails while there are keys: the old ones stay in use. */
  onError?: (error: unknown) => void
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/**
 * A ring whose keys come from a key service, a vault or a file: `provide` answers them, newest
 * first, and is asked again from time to time. Nothing waits for that: requests go on with the keys
 * that are there. There is no timer; a request starts it. Only the first request ever, and one after
 * a pause of twice `refresh`, waits for the answer.
 *
 * A store whose keys never arrived rejects with `keys-not-loaded`, and asks again at each request.
 */
export function keyring(
  provide: () => KeyList | Promise<KeyList>,
  options: ProviderOptions = {},
): Keyring {
  return new ProvidedKeyring(provide, options)
}

class ProvidedKeyring extends Keyring {
  readonly #provide: () => KeyList | Promise<KeyList>
  readonly #refresh: number
  readonly #onError: (error: unknown) => void
  readonly #now: () => number
  #loadedAt: number | undefined
  #loading: Promise<void> | undefined

  constructor(provide: () => KeyList | Promise<KeyList>, options: ProviderOptions) {
    super(notYet)
    if (typeof provide !== 'function') {
      throw new TypeError(`provide must be a function, not ${describeKind(provide)}`)
    }
    this.#provide = provide
    this.#refresh = options.refresh ?? 300
    if (!(this.#refresh > 0)) throw new RangeError('refresh must be a positive number of seconds')
    this.#onError = options.onError ?? (() => undefined)
    this.#now = options.now ?? (() => Date.now() / 1000)
  }

  override ready(): Promise<void> | undefined {
    const age =
      this.#loadedAt === undefined ? Number.POSITIVE_INFINITY : this.#now() - this.#loadedAt
    if (age < this.#refresh) return undefined
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return age < 2 * this.#refresh ? undefined : this.#loading
  }

  async #load(): Promise<void> {
    try {
      this.replace(await this.#provide())
    } catch (cause) {
      if (this.#loadedAt === undefined) {
        throw new SessionError('keys-not-loaded', 'the keys could not be loaded', { cause })
      }
      // Tried again after another interval, not at every request.
      this.#onError(cause)
    }
    this.#loadedAt = this.#now()
  }
}

function sealingKeys(keys: KeyList, current: readonly SealingKey[]): SealingKey[] {
  if (!Array.isArray(keys)) {
    throw new TypeError(`keys must be an array of keys, newest first, not ${describeKind(keys)}`)
  }
  if (keys.length === 0) throw new RangeError('keys must have at least one key')
  return keys.map((key, index) => {
    const material = keyMaterial(`keys[${index}]`, key)
    // A key that stays keeps what was derived from it and what was verified with it.
    return current.find(each => each.isMadeOf(material)) ?? new SealingKey(material)
  })
}
