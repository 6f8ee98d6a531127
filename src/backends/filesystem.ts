/**
 * Records in files of a folder, for the processes of one machine.
 *
 * `records/ab/HASH` is a record, `owners/cd/HASH/HASH` an empty file that marks it as one of an owner.
 * Names are SHA-256 in hexadecimal, so an id is never part of a path, and case never matters. A marker
 * is made before its record and removed after it: there may be one too many, but none is missing.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { lstat, mkdir, opendir, readdir, rmdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { encodeBase64Url } from '#bytes'
import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { withKeyLock } from '../lib/keyed-mutex.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import { withLock } from '../runtime/file-lock.ts'
import {
  abandonedAfter,
  hasCode,
  openNew,
  readBytes,
  removeFile,
  syncFolder,
  temporaryPrefix,
  writeWholeFile,
} from '../runtime/files.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import {
  fromBytes,
  type IdentifiedRecord,
  longestHeader,
  toBytes,
  withoutId,
} from './lib/record-bytes.ts'

/** How a folder is used. */
export interface FilesystemOptions {
  /** Longest wait in milliseconds for another process at the same record. Default 10,000. */
  lockTimeout?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

const lockSuffix = '.lock'
const recordName = /^[0-9a-f]{64}$/
/** Folders below `records` and `owners`, by the first two digits of a name. */
const shards = 256

/**
 * Keeps records in files, readable by their owner alone, whole at every moment.
 *
 * Throws TypeError or RangeError for wrong arguments.
 *
 * @param folder - made at the first use; nothing else may be in it
 */
export function filesystem(
  folder: string,
  options: FilesystemOptions = {},
): Backend & OwnerIndex & Prunable & Listable {
  assertKnownOptions('filesystem', options, ['lockTimeout', 'now'])
  return new FilesystemBackend(folder, options)
}

class FilesystemBackend implements Backend, OwnerIndex, Prunable, Listable {
  readonly #records: string
  readonly #owners: string
  readonly #lockTimeout: number
  readonly #now: () => number
  #made: Promise<unknown> | undefined
  #nextShard = 0

  constructor(folder: string, options: FilesystemOptions) {
    if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
      throw new TypeError('folder must be the name of a folder')
    }
    this.#records = join(resolve(folder), 'records')
    this.#owners = join(resolve(folder), 'owners')
    this.#lockTimeout = assertInteger('lockTimeout', options.lockTimeout ?? 10_000)
    this.#now = options.now ?? unixSeconds
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    await this.#begin(options)
    const record = await this.#read(hashOf(id))
    return record && withoutId(record)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    return this.#alone(hashOf(id), options, async current => {
      if (current) return { status: 'exists' }
      return { status: 'created', version: await this.#write(id, record) }
    })
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    return this.#alone(hashOf(id), options, async current => {
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current: withoutId(current) }
      return { status: 'updated', version: await this.#write(id, record, current.owner) }
    })
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const hash = hashOf(id)
    await this.#alone(hash, options, async current => {
      if (current) await writeWholeFile(this.#pathOf(hash), toBytes({ ...current, expires }))
    })
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    const hash = hashOf(id)
    await this.#alone(hash, options, current => this.#remove(hash, current?.owner))
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    await this.#begin(options)
    const ids: string[] = []
    for (const hash of await namesIn(this.#folderOf(owner))) {
      options?.signal?.throwIfAborted()
      const record = await this.#read(hash, longestHeader)
      if (record?.owner === owner) ids.push(record.id)
    }
    return ids
  }

  async deleteOwner(
    owner: string,
    options: OperationOptions & { readonly except?: readonly string[] } = {},
  ): Promise<number> {
    let deleted = 0
    for (const id of await this.ofOwner(owner, options)) {
      if (options.except?.includes(id)) continue
      const hash = hashOf(id)
      await this.#alone(hash, options, async current => {
        if (current?.owner !== owner) return
        await this.#remove(hash, owner)
        deleted++
      })
    }
    return deleted
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    await this.#begin(options)
    for (let shard = 0; shard < shards; shard++) {
      for (const hash of await namesIn(join(this.#records, shardName(shard)))) {
        options?.signal?.throwIfAborted()
        const record = recordName.test(hash) && (await this.#read(hash, longestHeader))
        if (record) yield record.id
      }
    }
  }

  /**
   * Removes expired records, and what killed processes left behind. Aborted, it goes on from there
   * when called again.
   */
  async prune(options?: OperationOptions): Promise<number> {
    let removed = 0
    for (let count = 0; count < shards; count++) {
      await this.#begin(options)
      const shard = shardName(this.#nextShard)
      removed += await this.#pruneRecords(join(this.#records, shard), options)
      await this.#pruneMarkers(join(this.#owners, shard), options)
      this.#nextShard = (this.#nextShard + 1) % shards
    }
    return removed
  }

  async #pruneRecords(folder: string, options?: OperationOptions): Promise<number> {
    let removed = 0
    for await (const name of entriesOf(folder)) {
      options?.signal?.throwIfAborted()
      if (!recordName.test(name)) await removeAbandoned(join(folder, name))
      else if (await this.#removeExpired(name, options)) removed++
    }
    return removed
  }

  async #removeExpired(hash: string, options?: OperationOptions): Promise<boolean> {
    const path = this.#pathOf(hash)
    const hasExpired = async (): Promise<IdentifiedRecord | undefined> => {
      const record = await readRecord(path, longestHeader)
      return record && record.expires <= this.#now() ? record : undefined
    }
    if (!(await hasExpired())) return false
    return this.#alone(hash, options, async () => {
      const expired = await hasExpired()
      // One that a machine wakes up with after it lost power has expired still: there is no need to sync.
      if (expired) await this.#forget(hash, expired.owner)
      return expired !== undefined
    })
  }

  /** Removes the markers of records that are gone, or another's. */
  async #pruneMarkers(folder: string, options?: OperationOptions): Promise<void> {
    for (const owner of await namesIn(folder)) {
      for await (const hash of entriesOf(join(folder, owner))) {
        options?.signal?.throwIfAborted()
        if (!recordName.test(hash) || (await this.#isOwnedBy(owner, hash))) continue
        // Looked at again while nobody can be between making the marker and its record.
        await this.#alone(hash, options, async () => {
          if (!(await this.#isOwnedBy(owner, hash))) await removeFile(join(folder, owner, hash))
        })
      }
      await removeIfEmpty(join(folder, owner))
    }
  }

  async #isOwnedBy(ownerHash: string, hash: string): Promise<boolean> {
    // One that has expired counts: by another process's clock it may not have.
    const owner = (await readRecord(this.#pathOf(hash), longestHeader))?.owner
    return owner !== undefined && hashOf(owner) === ownerHash
  }

  /** Runs `task` with the record that exists, while nobody else changes it. */
  async #alone<T>(
    hash: string,
    options: OperationOptions | undefined,
    task: (current: IdentifiedRecord | undefined) => Promise<T>,
  ): Promise<T> {
    await this.#begin(options)
    const path = this.#pathOf(hash)
    const waiting = { deadline: Date.now() + this.#lockTimeout, signal: options?.signal }
    return withKeyLock(path, () =>
      withLock(path + lockSuffix, async () => task(await this.#read(hash)), waiting),
    )
  }

  async #read(hash: string, most?: number): Promise<IdentifiedRecord | undefined> {
    const record = await readRecord(this.#pathOf(hash), most)
    return record && record.expires > this.#now() ? record : undefined
  }

  async #write(id: string, { data, expires, owner }: NewRecord, before?: string): Promise<Version> {
    const hash = hashOf(id)
    const version = encodeBase64Url(randomBytes(12))
    if (owner !== undefined && owner !== before) await this.#mark(owner, hash)
    await writeWholeFile(this.#pathOf(hash), toBytes({ id, expires, version, owner, data }))
    if (before !== undefined && before !== owner) await this.#unmark(before, hash)
    return version
  }

  async #remove(hash: string, owner: string | undefined): Promise<void> {
    const path = this.#pathOf(hash)
    await removeFile(path)
    // Else a machine that loses power might wake up with it.
    await syncFolder(dirname(path))
    if (owner !== undefined) await this.#unmark(owner, hash)
  }

  async #forget(hash: string, owner: string | undefined): Promise<void> {
    await removeFile(this.#pathOf(hash))
    if (owner !== undefined) await this.#unmark(owner, hash)
  }

  async #mark(owner: string, hash: string): Promise<void> {
    const folder = this.#folderOf(owner)
    try {
      await makeMarker(join(folder, hash))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      // The folder was empty, and pruned just now.
      await makeMarker(join(folder, hash))
    }
    await syncFolder(folder)
  }

  async #unmark(owner: string, hash: string): Promise<void> {
    await removeFile(join(this.#folderOf(owner), hash))
  }

  async #begin(options: OperationOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted()
    this.#made ??= Promise.all([this.#records, this.#owners].map(makeFolder))
    try {
      await this.#made
    } catch (error) {
      this.#made = undefined
      throw error
    }
  }

  #pathOf(hash: string): string {
    return join(this.#records, hash.slice(0, 2), hash)
  }

  #folderOf(owner: string): string {
    const hash = hashOf(owner)
    return join(this.#owners, hash.slice(0, 2), hash)
  }
}

function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0')
}

function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

async function readRecord(path: string, most?: number): Promise<IdentifiedRecord | undefined> {
  const bytes = await readBytes(path, most)
  const record = bytes && fromBytes(bytes)
  // A file that someone gave another name is nobody's record.
  return record && hashOf(record.id) === basename(path) ? record : undefined
}

async function makeMarker(path: string): Promise<void> {
  try {
    await (await openNew(path)).close()
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

/** Makes a folder for its owner alone. What others may have put in its place is not used. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (!(await lstat(path)).isDirectory()) throw new Error(`${path} is not a folder but a link`)
}

async function* entriesOf(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

/** Removes a temporary file or a lock that is too old to be anybody's. */
async function removeAbandoned(path: string): Promise<void> {
  if (!path.includes(temporaryPrefix) && !path.includes(lockSuffix)) return
  try {
    const { mtimeMs } = await lstat(path)
    if (mtimeMs < Date.now() - abandonedAfter * 1000) await removeFile(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) throw error
  }
}
