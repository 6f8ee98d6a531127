/**
 * Records in whatever Keyv has an adapter for.
 *
 * @module
 */

import type { Backend, Listable, OperationOptions } from './backend.ts'
import { keyPrefix, LastWriteWins } from './lib/last-write-wins.ts'
import { isRecordId } from './lib/record-id.ts'

/** What is called of a `Keyv`. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  /** `ttl` is in milliseconds. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  /** Goes through keys, without the namespace, and values: where the adapter can. */
  readonly iterator?: ((argument: never) => AsyncIterable<readonly unknown[]>) | undefined
  /** Of Keyv 5: whether failures reject. */
  readonly throwOnErrors?: boolean
}

/** Where and when. */
export interface KeyvOptions {
  /** The start of every key, after Keyv's own namespace: words with a colon after each. Default none. */
  prefix?: string
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/**
 * Keeps records as text in a Keyv, with a time to live. It lists them where the adapter can.
 *
 * Throws a TypeError for a prefix that is none, and for a Keyv whose failures do not reject: it answers
 * "no such record" when its place is down, and everybody would be signed out.
 */
export function keyv(instance: KeyvLike, options: KeyvOptions = {}): Backend & Partial<Listable> {
  if (instance.throwOnErrors === false) throw new TypeError('the Keyv needs throwOnErrors: true')
  const prefix = keyPrefix(options.prefix ?? '')
  const backend = new LastWriteWins(
    {
      get: id => instance.get(prefix + id),
      async set(id, text, ttl) {
        const kept = await instance.set(prefix + id, text, ttl * 1000)
        if (kept === false) throw new Error('keyv did not keep the record')
      },
      async delete(id) {
        // Its answer, false for what did not exist, says nothing of failures.
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
