/**
 * A backend that keeps records in the files of a folder, shared by the processes of one machine.
 *
 * `records/ab/HASH` is a record. `owners/cd/HASH/HASH` is an empty file, a marker that assigns the record
 * to an owner. Names are SHA-256 hashes in hexadecimal, so that an id is never part of a path and case
 * does not matter. A marker is created before its record and removed after it. There may be a marker
 * without a record, but never a record without its marker.
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
  assertPrivateFolder,
  hasCode,
  isOutOfSpace,
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
  Page,
  PageOptions,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { invalidCursor, pageSize } from './lib/pages.ts'
import {
  fromBytes,
  type IdentifiedRecord,
  longestHeader,
  toBytes,
  withoutId,
} from './lib/record-bytes.ts'

/** Options of {@link filesystem}. */
export interface FilesystemOptions {
  /** The longest wait, in milliseconds, for the lock of a record. Default 10,000. */
  lockTimeout?: number
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

const lockSuffix = '.lock'
const recordName = /^[0-9a-f]{64}$/
/** How many folders `records` and `owners` have: one for each pair of first digits of a name. */
const shards = 256

/**
 * Returns a backend that keeps each record in a file. Files are readable only by the user of the process,
 * and are replaced atomically.
 *
 * Throws a TypeError for an invalid folder or an unknown option, and a RangeError for an invalid
 * `lockTimeout`.
 *
 * @param folder - created on first use; it must hold nothing else
 */
export function filesystem(
  folder: string,
  options: FilesystemOptions = {},
): Backend & OwnerIndex & Prunable & Listable {
  assertKnownOptions('filesystem', options, ['lockTimeout', 'now'])
  return new FilesystemBackend(folder, options)
}

class FilesystemBackend implements Backend, OwnerIndex, Prunable, Listable {
  readonly #folder: string
  readonly #records: string
  readonly #owners: string
  readonly #lockTimeout: number
  readonly #now: () => number
  #created: Promise<unknown> | undefined
  #nextShard = 0

  constructor(folder: string, options: FilesystemOptions) {
    if (typeof folder !== 'string' || folder === '' || folder.includes('\0')) {
      throw new TypeError('folder must be the path of a folder, and not empty')
    }
    this.#folder = resolve(folder)
    this.#records = join(this.#folder, 'records')
    this.#owners = join(this.#folder, 'owners')
    this.#lockTimeout = assertInteger('lockTimeout', options.lockTimeout ?? 10_000)
    this.#now = options.now ?? unixSeconds
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    await this.#prepare(options)
    const record = await this.#read(hashOf(id))
    return record && withoutId(record)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    return this.#locked(hashOf(id), options, async current => {
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
    return this.#lockedIfFound(hashOf(id), options, async current => {
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current: withoutId(current) }
      if (record.expires > this.#now()) {
        return { status: 'updated', version: await this.#write(id, record, current.owner) }
      }
      // Stores end a session by an update that has already expired. A full disk must not prevent that.
      await this.#remove(hashOf(id), current.owner)
      return { status: 'updated', version: newVersion() }
    })
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const hash = hashOf(id)
    await this.#lockedIfFound(hash, options, async current => {
      if (!current) return
      if (expires <= this.#now()) await this.#remove(hash, current.owner)
      else await writeWholeFile(this.#pathOf(hash), toBytes({ ...current, expires }))
    })
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    const hash = hashOf(id)
    await this.#lockedIfFound(hash, options, current => this.#remove(hash, current?.owner))
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    await this.#prepare(options)
    const ids: string[] = []
    const seen = new Set<string>()
    // Again until there is no new name: a session that gets a new id has its new file before it leaves the old one.
    for (let found = true; found; ) {
      found = false
      for (const hash of await namesIn(this.#folderOf(owner))) {
        if (seen.has(hash)) continue
        options?.signal?.throwIfAborted()
        found = true
        seen.add(hash)
        const record = await this.#read(hash, longestHeader)
        if (record?.owner === owner) ids.push(record.id)
      }
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
      await this.#locked(hash, options, async current => {
        if (current?.owner !== owner) return
        await this.#remove(hash, owner)
        deleted++
      })
    }
    return deleted
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    for await (const { id } of this.#listed('', options)) yield id
  }

  /** A cursor is the name of the last file of the page before. */
  async page({ cursor = '', limit = pageSize, ...options }: PageOptions = {}): Promise<Page> {
    if (cursor !== '' && !recordName.test(cursor)) throw invalidCursor()
    const ids: string[] = []
    for await (const { hash, id } of this.#listed(cursor, options)) {
      ids.push(id)
      if (ids.length === limit) return { ids, next: hash }
    }
    return { ids, next: undefined }
  }

  /** Lists the records in the order of their files, from the one after `last`. */
  async *#listed(
    last: string,
    options: OperationOptions | undefined,
  ): AsyncGenerator<{ hash: string; id: string }> {
    await this.#prepare(options)
    for (let shard = Number.parseInt(last.slice(0, 2) || '0', 16); shard < shards; shard++) {
      for (const hash of (await namesIn(join(this.#records, shardName(shard)))).sort()) {
        options?.signal?.throwIfAborted()
        const isNext = hash > last && recordName.test(hash)
        const record = isNext && (await this.#read(hash, longestHeader))
        if (record) yield { hash, id: record.id }
      }
    }
  }

  /**
   * Removes expired records, and temporary files and locks left behind by killed processes. If it is
   * aborted, the next call continues where it stopped.
   */
  async prune(options?: OperationOptions): Promise<number> {
    let removed = 0
    for (let count = 0; count < shards; count++) {
      await this.#prepare(options)
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
    return this.#locked(hash, options, async () => {
      const expired = await hasExpired()
      // No sync: if a power failure undoes the removal, the record that returns has still expired.
      if (expired) await this.#removeUnsynced(hash, expired.owner)
      return expired !== undefined
    })
  }

  /** Removes markers whose record is gone or belongs to another owner. */
  async #pruneMarkers(folder: string, options?: OperationOptions): Promise<void> {
    for (const owner of await namesIn(folder)) {
      for await (const hash of entriesOf(join(folder, owner))) {
        options?.signal?.throwIfAborted()
        if (!recordName.test(hash) || (await this.#isOwnedBy(owner, hash))) continue
        const marker = join(folder, owner, hash)
        // Check again under the lock: a writer may have created the marker and not yet the record.
        const removeMarker = async (): Promise<void> => {
          if (!(await this.#isOwnedBy(owner, hash))) await removeFile(marker)
        }
        await this.#locked(hash, options, removeMarker, marker)
      }
      await removeIfEmpty(join(folder, owner))
    }
  }

  async #isOwnedBy(ownerHash: string, hash: string): Promise<boolean> {
    // An expired record counts: by the clock of another process it may still exist.
    const owner = (await readRecord(this.#pathOf(hash), longestHeader))?.owner
    return owner !== undefined && hashOf(owner) === ownerHash
  }

  /**
   * Runs `task` with the current record, if it exists, while holding the lock of the record.
   *
   * @param spare - a file that exists, for the lock on a disk that has no inode left
   */
  async #locked<T>(
    hash: string,
    options: OperationOptions | undefined,
    task: (current: IdentifiedRecord | undefined) => Promise<T>,
    spare = this.#pathOf(hash),
  ): Promise<T> {
    await this.#prepare(options)
    const path = this.#pathOf(hash)
    const waiting = { deadline: Date.now() + this.#lockTimeout, signal: options?.signal, spare }
    return withKeyLock(path, () =>
      withLock(path + lockSuffix, async () => task(await this.#read(hash)), waiting),
    )
  }

  /** Like {@link #locked}, but for a missing record without a lock if the disk has no space for one. */
  async #lockedIfFound<T>(
    hash: string,
    options: OperationOptions | undefined,
    task: (current: IdentifiedRecord | undefined) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#locked(hash, options, task)
    } catch (error) {
      if (!isOutOfSpace(error) || (await readRecord(this.#pathOf(hash)))) throw error
      return task(undefined)
    }
  }

  async #read(hash: string, most?: number): Promise<IdentifiedRecord | undefined> {
    const record = await readRecord(this.#pathOf(hash), most)
    return record && record.expires > this.#now() ? record : undefined
  }

  async #write(id: string, { data, expires, owner }: NewRecord, before?: string): Promise<Version> {
    const hash = hashOf(id)
    const version = newVersion()
    if (owner !== undefined && owner !== before) await this.#mark(owner, hash)
    await writeWholeFile(this.#pathOf(hash), toBytes({ id, expires, version, owner, data }))
    if (before !== undefined && before !== owner) await this.#unmark(before, hash)
    return version
  }

  async #remove(hash: string, owner: string | undefined): Promise<void> {
    const path = this.#pathOf(hash)
    await removeFile(path)
    // Without the sync, a power failure could undo the deletion.
    await syncFolder(dirname(path))
    if (owner !== undefined) await this.#unmark(owner, hash)
  }

  async #removeUnsynced(hash: string, owner: string | undefined): Promise<void> {
    await removeFile(this.#pathOf(hash))
    if (owner !== undefined) await this.#unmark(owner, hash)
  }

  async #mark(owner: string, hash: string): Promise<void> {
    const folder = this.#folderOf(owner)
    try {
      await createMarker(join(folder, hash))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      // A concurrent prune has just removed the empty folder.
      await createMarker(join(folder, hash))
    }
    await syncFolder(folder)
  }

  async #unmark(owner: string, hash: string): Promise<void> {
    await removeFile(join(this.#folderOf(owner), hash))
  }

  async #prepare(options: OperationOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted()
    this.#created ??= this.#createFolders()
    try {
      await this.#created
    } catch (error) {
      this.#created = undefined
      throw error
    }
  }

  async #createFolders(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await assertPrivateFolder(this.#folder)
    await Promise.all([this.#records, this.#owners].map(createFolder))
  }

  #pathOf(hash: string): string {
    return join(this.#records, hash.slice(0, 2), hash)
  }

  #folderOf(owner: string): string {
    const hash = hashOf(owner)
    return join(this.#owners, hash.slice(0, 2), hash)
  }
}

function newVersion(): Version {
  return encodeBase64Url(randomBytes(12))
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
  // A file that was renamed or copied by hand is not the record of that name.
  return record && hashOf(record.id) === basename(path) ? record : undefined
}

async function createMarker(path: string): Promise<void> {
  try {
    await (await openNew(path)).close()
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

/** Creates a folder that only this user can access. Rejects if its path is a link, or a folder of another user. */
async function createFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (!(await lstat(path)).isDirectory()) throw new Error(`${path} is a link, not a folder`)
  await assertPrivateFolder(path)
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

/** Removes a temporary file or lock that is too old to be in use. */
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
