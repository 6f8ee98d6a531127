/**
 * A backend over Keyv, for storage that has a Keyv adapter and no backend here.
 *
 * @module
 */

import { assertKnownOptions } from '../lib/assert-options.ts'
import type { Backend, Listable, OperationOptions } from './backend.ts'
import { assertClient } from './lib/client.ts'
import { keyPrefix, LastWriteWins } from './lib/last-write-wins.ts'
import { isRecordId } from './lib/record-id.ts'

/** The part of a `Keyv` that is used. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  /** `ttl` is in milliseconds. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  /** Iterates over keys, without the namespace, and values. Some adapters do not have it. */
  readonly iterator?: ((argument: never) => AsyncIterable<readonly unknown[]>) | undefined
  /** Whether failures reject. Keyv 5 has it, and its default is false. */
  readonly throwOnErrors?: boolean
}

/** Options of {@link keyv}. */
export interface KeyvOptions {
  /** The start of every key, after Keyv's own namespace: words, each followed by a colon. Default none. */
  prefix?: string
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/**
 * Returns a backend that keeps records as strings with a TTL in a Keyv. It has `all` if the Keyv adapter
 * can iterate.
 *
 * Throws a TypeError for an invalid prefix, an unknown option, and a Keyv with `throwOnErrors: false`. Such
 * a Keyv reports a missing record when its storage is down, which would sign everybody out.
 */
export function keyv(instance: KeyvLike, options: KeyvOptions = {}): Backend & Partial<Listable> {
  assertKnownOptions('keyv', options, ['prefix', 'now'])
  assertClient(
    'keyv',
    instance,
    ['get'],
    'a Keyv, such as new Keyv({ store, throwOnErrors: true })',
  )
  if (instance.throwOnErrors === false) {
    throw new TypeError('the Keyv must be created with throwOnErrors: true')
  }
  const prefix = keyPrefix(options.prefix ?? '')
  const backend = new LastWriteWins(
    {
      get: id => instance.get(prefix + id),
      async set(id, text, ttl) {
        const isStored = await instance.set(prefix + id, text, ttl * 1000)
        if (isStored === false) throw new Error('the Keyv adapter did not store the record')
      },
      async delete(id) {
        // It resolves with false for a missing key, so the result is no sign of a failure.
        await instance.delete(prefix + id)
      },
    },
    options.now,
  )
  const { iterator } = instance
  if (!iterator) return backend
  return Object.assign(backend, {
    async *all(options?: OperationOptions): AsyncGenerator<string> {
      for await (const [key] of iterator(undefined as never)) {
        const id = String(key).slice(prefix.length)
        if (!String(key).startsWith(prefix) || !isRecordId(id)) continue
        if (await backend.load(id, options)) yield id
      }
    },
  })
}
