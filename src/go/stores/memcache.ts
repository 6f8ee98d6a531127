/**
 * Sessions in the layout of Go's `bradleypeabody/gorilla-sessions-memcache`: the key is a prefix and the id, the value
 * is securecookie's text, or gob or JSON that is not signed.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import {
  assertMemcachedClient,
  assertMemcachedPrefix,
  type MemcachedClient,
  succeeds,
} from '../../backends/lib/memcached-clients.ts'
import { assertOneOf } from '../../lib/assert-options.ts'
import { thirtyDays } from '../../lib/clock.ts'
import { driverCall } from '../../lib/driver-error.ts'
import { encodeBase32 } from '../../runtime/bytes/base32.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import { gob, plainJson } from '../securecookie.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { type Records, serialized, signedId, signedText } from './lib/records.ts'

export type { MemcachedClient }

/** Options of {@link memcache}. */
export interface MemcacheOptions extends SignedGoStoreOptions {
  /** The start of every key, which the Go program chooses. */
  prefix: string
  /**
   * Go's `StoreMethod`: securecookie's encoding, or values that are not signed. `gob` needs a client that returns items
   * as bytes. Default `'securecookie'`.
   */
  method?: 'securecookie' | 'gob' | 'json'
}

/**
 * Go's `gsm.NewMemcacheStore`: shares sessions with a Go program that has the same keys.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - such as a `MemcacheClient` of `memcache-client`
 */
export function memcache(client: MemcachedClient, options: MemcacheOptions): SessionStore {
  const settings = signedGoSettings('memcache', options, ['prefix', 'method'])
  const { prefix, method = 'securecookie', serializer, maxLength = 0 } = options
  assertMemcachedClient(client)
  assertMemcachedPrefix(prefix)
  assertOneOf('method', method, ['securecookie', 'gob', 'json'])
  const codecs = codecsOf(options, settings, options)
  const cookie = signedId(codecs)
  const items = new Items(client, prefix, settings.now)
  if (method === 'securecookie') {
    const texts = records(items, textOf, (a, b) => a === b)
    return storeFor(texts, signedText(codecs), cookie, settings)
  }
  const format = serialized(serializer ?? (method === 'gob' ? gob : plainJson), maxLength)
  const bytes = method === 'gob' ? bytesOf : (value: unknown) => utf8Bytes(textOf(value))
  return storeFor(records(items, bytes, equalBytes), format, cookie, settings)
}

interface Item {
  readonly value: unknown
  readonly casUniq: string | number
}

/** The items of a server. */
class Items {
  readonly #client: MemcachedClient
  readonly #prefix: string
  readonly #now: () => number

  constructor(client: MemcachedClient, prefix: string, now: () => number) {
    this.#client = client
    this.#prefix = prefix
    this.#now = now
  }

  async get(id: string): Promise<Item | undefined> {
    const item = Object(
      await driverCall('memcached', () => this.#client.gets(this.#prefix + id), [id]),
    )
    return item.casUniq === undefined ? undefined : item
  }

  add(id: string, data: string | Uint8Array, seconds: number): Promise<boolean> {
    const options = { lifetime: this.#exptime(seconds) }
    return succeeds(this.#client.add(this.#prefix + id, storable(data), options), 'NOT_STORED')
  }

  /** Stores an item if it has not changed since it was read. */
  swap(
    id: string,
    { casUniq }: Item,
    data: string | Uint8Array,
    seconds: number,
  ): Promise<boolean> {
    const options = { lifetime: this.#exptime(seconds), casUniq }
    const swapped = this.#client.cas(this.#prefix + id, storable(data), options)
    return succeeds(swapped, 'EXISTS', 'NOT_FOUND')
  }

  delete(id: string): Promise<boolean> {
    return succeeds(this.#client.delete(this.#prefix + id), 'NOT_FOUND')
  }

  /** memcached reads anything above 30 days as a Unix time. */
  #exptime(seconds: number): number {
    return seconds > thirtyDays ? Math.floor(this.#now()) + seconds : seconds
  }
}

function records<Data extends string | Uint8Array>(
  items: Items,
  dataOf: (value: unknown) => Data,
  isSame: (a: Data, b: Data) => boolean,
): Records<Data> {
  return {
    async find(id) {
      const item = await items.get(id)
      return item && { data: dataOf(item.value) }
    },
    async insert({ data, seconds }) {
      const id = encodeBase32(randomBytes(32))
      await items.add(id, data, seconds)
      return id
    },
    async replace(id, found, { data, seconds }) {
      const item = await items.get(id)
      if (!item || !isSame(dataOf(item.value), found.data)) return false
      return items.swap(id, item, data, seconds)
    },
    async remove(id, found) {
      if (!found) return items.delete(id)
      const item = await items.get(id)
      if (!item || !isSame(dataOf(item.value), found.data)) return false
      // memcached has no conditional deletion, but an item with a negative exptime expires at once.
      return items.swap(id, item, '', -1)
    },
  }
}

/** The client requires a Buffer. `MemcachedClient` leaves the type open, to compile without Node's. */
function storable(data: string | Uint8Array): never {
  return (typeof data === 'string' ? data : Buffer.from(data)) as never
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value)
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  throw new Error(
    "method 'gob' needs a client that returns items without flags as bytes; strings are not the bytes that Go wrote",
  )
}
