/**
 * A backend over unstorage, for storage that has an unstorage driver and no backend here.
 *
 * @module
 */

import { assertKnownOptions } from '../lib/assert-options.ts'
import type { Backend, Listable, OperationOptions, OwnerIndex, Prunable } from './backend.ts'
import { assertClient } from './lib/client.ts'
import { keyPrefix, LastWriteWins } from './lib/last-write-wins.ts'
import { isRecordId } from './lib/record-id.ts'

/** The part of an unstorage `Storage` that is used. */
export interface UnstorageLike {
  getItemRaw(key: string): Promise<unknown>
  setItemRaw(key: string, value: unknown, options?: { ttl?: number }): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base?: string): Promise<string[]>
}

/** Options of {@link unstorage}. */
export interface UnstorageOptions {
  /** The start of every key: words, each followed by a colon. Default `sessions:`. */
  prefix?: string
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/**
 * Returns a backend that keeps records as strings in an unstorage storage. Each write passes a TTL. With
 * drivers that ignore it, call `prune` regularly. `prune`, `ofOwner`, `deleteOwner` and `all` list all
 * keys under the prefix at once and read every record.
 *
 * Throws a TypeError for an invalid prefix or an unknown option.
 */
export function unstorage(
  storage: UnstorageLike,
  options: UnstorageOptions = {},
): Backend & OwnerIndex & Prunable & Listable {
  assertKnownOptions('unstorage', options, ['prefix', 'now'])
  assertClient('unstorage', storage, ['getItemRaw'], 'a storage, such as createStorage({ driver })')
  return new UnstorageBackend(storage, keyPrefix(options.prefix ?? 'sessions:'), options.now)
}

class UnstorageBackend extends LastWriteWins implements OwnerIndex, Prunable, Listable {
  readonly #storage: UnstorageLike
  readonly #prefix: string

  constructor(storage: UnstorageLike, prefix: string, now: (() => number) | undefined) {
    super(
      {
        get: id => storage.getItemRaw(prefix + id),
        set: (id, text, ttl) => storage.setItemRaw(prefix + id, text, { ttl }),
        delete: id => storage.removeItem(prefix + id),
      },
      now,
    )
    this.#storage = storage
    this.#prefix = prefix
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const owned: string[] = []
    for (const id of await this.#ids(options)) {
      if ((await this.load(id, options))?.owner === owner) owned.push(id)
    }
    return owned
  }

  async deleteOwner(
    owner: string,
    options: OperationOptions & { readonly except?: readonly string[] } = {},
  ): Promise<number> {
    const doomed = (await this.ofOwner(owner, options)).filter(id => !options.except?.includes(id))
    for (const id of doomed) await this.delete(id, options)
    return doomed.length
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    for (const id of await this.#ids(options)) {
      if (await this.load(id, options)) yield id
    }
  }

  async prune(options?: OperationOptions): Promise<number> {
    let count = 0
    for (const id of await this.#ids(options)) {
      if (await this.deleteExpired(id, options)) count++
    }
    return count
  }

  /** Returns the ids of all records, including expired ones. */
  async #ids(options?: OperationOptions): Promise<string[]> {
    options?.signal?.throwIfAborted()
    const keys = await this.#storage.getKeys(this.#prefix)
    return keys
      .filter(key => key.startsWith(this.#prefix))
      .map(key => key.slice(this.#prefix.length))
      .filter(isRecordId)
  }
}
