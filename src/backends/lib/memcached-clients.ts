/**
 * The clients of memcached.
 *
 * @module
 */

import { describeKind } from '../../lib/describe.ts'
import { driverCall } from '../../lib/driver-error.ts'

/** The part of a client that is used. `memcache-client` has it. */
export interface MemcachedClient {
  /** Resolves with `casUniq` and `value`, or with undefined for a missing key. */
  gets(key: string): Promise<unknown>
  /** Rejects with `NOT_STORED` when the key exists. */
  add(key: string, value: never, options: { lifetime: number }): Promise<unknown>
  /** Rejects with `EXISTS` or `NOT_FOUND` when the item has changed since it was read. */
  cas(
    key: string,
    value: never,
    options: { lifetime: number; casUniq: string | number },
  ): Promise<unknown>
  /** Rejects with `NOT_FOUND` when the key is missing. */
  delete(key: string): Promise<unknown>
}

/** Keys have up to 250 bytes, ids up to 128. In the protocol a space or control character ends a key. */
const validPrefix = /^[!-~]{0,122}$/

/** Throws a TypeError for anything but a client. */
export function assertMemcachedClient(client: unknown): void {
  const { gets, add, cas, delete: remove } = Object(client)
  if ([gets, add, cas, remove].every(method => typeof method === 'function')) return
  const given = describeKind(client)
  throw new TypeError(
    `client must have gets, add, cas and delete, as memcache-client has, not ${given}`,
  )
}

/** Throws a TypeError for a prefix that cannot be the start of a key. */
export function assertMemcachedPrefix(prefix: unknown): void {
  if (typeof prefix === 'string' && validPrefix.test(prefix)) return
  throw new TypeError('prefix must be at most 122 printable ASCII characters without a space')
}

/** Returns whether the command succeeds: false if the client rejects with one of these replies. */
export async function succeeds(command: Promise<unknown>, ...refusals: string[]): Promise<boolean> {
  try {
    await driverCall('memcached', () => command)
    return true
  } catch (error) {
    if (refusals.includes((error as Error).message)) return false
    throw error
  }
}
