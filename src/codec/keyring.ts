/**
 * The keys of the sealed codec, newest first.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { equalBytes, hkdf } from '#crypto'
import { SessionError } from '../errors.ts'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { assertCompatible, type Copy, thisCopy } from '../lib/copies.ts'
import { describeKind } from '../lib/describe.ts'
import { reasonOf, withoutInput } from '../lib/driver-error.ts'
import { keyMaterial, type SecretKey } from './key-material.ts'

/** The property of a keyring that says which copy of the library it belongs to. */
const mark: unique symbol = Symbol.for('silverback.Keyring')

/** How many derived keys are cached for each secret: the hours of 40 days. */
const maxCachedHours = 960

/** One secret, and the keys derived from it: one for each hour in which values are sealed. */
export class SealingKey {
  /** Identifies the key in a sealed value. Reveals nothing about the key. */
  readonly id: number
  readonly #material: Uint8Array
  readonly #derived = new Map<number, Uint8Array>()

  constructor(material: Uint8Array) {
    this.#material = material
    const id = hkdf(material, utf8Bytes('silverback sealed v1 key id'), 4)
    this.id = new DataView(id.buffer, id.byteOffset).getUint32(0)
  }

  /** Whether this key was made from the same secret. */
  isMadeOf(material: Uint8Array): boolean {
    return equalBytes(this.#material, material)
  }

  /**
   * The AES-256 key for values sealed in this hour (Unix time in hours). One key per hour keeps the number of
   * random 96-bit nonces per key far below the bound of NIST SP 800-38D §8.3.
   */
  forHour(hour: number): Uint8Array {
    let key = this.#derived.get(hour)
    if (!key) {
      key = hkdf(this.#material, utf8Bytes(`silverback sealed v1 hour ${hour}`), 32)
      this.#derived.set(hour, key)
      const [oldest] = this.#derived.keys()
      if (this.#derived.size > maxCachedHours) this.#derived.delete(oldest as number)
    }
    return key
  }
}

/** Secret keys, newest first. */
export type KeyList = readonly SecretKey[]

/** Secret keys, a function that returns them at the first request, or a keyring. */
export type Keys = KeyList | (() => KeyList) | Keyring

/** Constructs a keyring that gets its first keys later. */
const notLoaded: KeyList = []

/**
 * Keys, newest first: the first one seals, all of them open. Several stores can share a keyring; replacing its
 * keys then affects all of them.
 */
export class Keyring {
  #keys: readonly SealingKey[]

  /** Throws a TypeError or RangeError for an invalid key, with the index of the key in the list. */
  constructor(keys: KeyList) {
    this.#keys = keys === notLoaded ? [] : sealingKeys(keys, [])
  }

  /** @internal */
  get [mark](): Copy {
    return thisCopy
  }

  /** The key that seals. Throws `keys-not-loaded` when there is none yet. */
  get newest(): SealingKey {
    const key = this.#keys[0]
    if (!key)
      throw new SessionError('keys-not-loaded', 'the keys are not loaded yet; await ready()')
    return key
  }

  /** The keys with this id: usually one, and none if the key was removed. */
  find(id: number): readonly SealingKey[] {
    return this.#keys.filter(key => key.id === id)
  }

  /** Whether the key is in the ring now. */
  has(key: SealingKey): boolean {
    return this.#keys.includes(key)
  }

  /** A promise to await before using the keys, or undefined when they can be used now. */
  ready(): Promise<void> | undefined {
    return undefined
  }

  /**
   * Replaces the keys. Values sealed with an old key can be opened as long as that key is in the list.
   *
   * Throws a TypeError or RangeError for an invalid key, and keeps the current keys then.
   */
  replace(keys: KeyList): void {
    this.#keys = sealingKeys(keys, this.#keys)
  }
}

/** Keys that are read when they are first needed, as an environment may lack them during a build. */
class LazyKeyring extends Keyring {
  #provide: (() => KeyList) | undefined

  constructor(provide: () => KeyList) {
    super(notLoaded)
    this.#provide = provide
  }

  /** Throws a TypeError or RangeError for an invalid key; the next call reads the keys again then. */
  override ready(): undefined {
    if (!this.#provide) return
    this.replace(this.#provide())
    this.#provide = undefined
  }

  override get newest(): SealingKey {
    this.ready()
    return super.newest
  }

  override find(id: number): readonly SealingKey[] {
    this.ready()
    return super.find(id)
  }
}

/**
 * Returns `keys` if it is a keyring, of whichever copy of the library, and a new keyring of the keys otherwise.
 *
 * Throws a SessionError `version-mismatch` for a keyring that this copy cannot use, and otherwise as the
 * constructor does.
 */
export function keyringOf(keys: Keys): Keyring {
  if (typeof keys === 'function') return new LazyKeyring(keys)
  const copy = (keys as Partial<Keyring> | null)?.[mark]
  if (!copy) return new Keyring(keys as KeyList)
  assertCompatible(copy)
  return keys as Keyring
}

/** Options of {@link keyring}. */
export interface ProviderOptions {
  /** Seconds after which the keys are loaded again. Default 300. */
  refresh?: number
  /** Called when the provider fails and older keys stay in use. */
  onError?: (error: unknown) => void
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/**
 * Creates a keyring whose keys come from a key service, a vault or a file. `provide` returns them, newest first.
 *
 * A request that finds the keys older than `refresh` calls `provide` again; there is no timer. Requests continue
 * with the current keys meanwhile. They wait for the provider only when there are no keys yet, or when the
 * current ones are twice as old as `refresh`.
 *
 * Until the first keys are loaded, stores reject with `keys-not-loaded` and call the provider for each request.
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
    super(notLoaded)
    assertKnownOptions('keyring', options, ['refresh', 'onError', 'now'])
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
        throw new SessionError(
          'keys-not-loaded',
          `the keys could not be loaded: ${reasonOf(withoutInput(cause))}`,
          { cause },
        )
      }
      // The next attempt is due after another interval, not with the next request.
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
    // A key that stays in the list keeps its derived keys and its verified values.
    return current.find(each => each.isMadeOf(material)) ?? new SealingKey(material)
  })
}
