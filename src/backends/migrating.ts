/**
 * Moves records from an old backend to a new one while both are in use.
 *
 * A record is in one backend at a time, and moves when it is read:
 *
 * 1. `create` a **reservation** in the new backend: a random number, which does not count as a record.
 * 2. `update` the record in the old backend, by its version, to a **parcel**: the number of the reservation
 *    and the record. From now on no `update` of the old backend can change the record.
 * 3. `update` the reservation with this number in the new backend to the record in the parcel.
 * 4. `delete` the parcel.
 *
 * A process that finds a parcel and no record in the new backend continues at step 3. A process that dies
 * before step 4 leaves a parcel, which is ignored until it expires. A deletion removes the entry of the old
 * backend first and that of the new one second. After that, neither step 2 nor step 3 finds the entry that
 * it would replace, so no move can bring the record back.
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { thirtyDays } from '../lib/clock.ts'
import { retryOnConflict } from '../lib/retry.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { assertClient } from './lib/client.ts'
import type { AnyBackend, Extras } from './lib/extras.ts'

/** Options of {@link migrating}. */
export interface MigratingOptions {
  /**
   * Whether records move. With `false`, each record is read and written where it is, and new records are
   * created in the old backend. Start with `false`, until every process uses both backends. Default true.
   */
  move?: boolean
}

/**
 * Has `ofOwner`, `deleteOwner` and `all` if both backends have them. Has `prune` and `ensureSchema` if either
 * backend has them.
 */
export type MigratingBackend<From, To> = Backend &
  Extras<From & To, 'prune' | 'ensureSchema'> &
  OfBoth<From, To, OwnerIndex> &
  OfBoth<From, To, Listable>

type OfBoth<From, To, Feature> = From extends Feature
  ? To extends Feature
    ? Feature
    : unknown
  : unknown

/**
 * Returns a backend over both. New records are created in `to`, and records in `from` move there when they
 * are read.
 *
 * Throws a TypeError for an unknown option.
 */
export function migrating<From extends AnyBackend, To extends AnyBackend>(
  from: From,
  to: To,
  options: MigratingOptions = {},
): MigratingBackend<From, To> {
  assertKnownOptions('migrating', options, ['move'])
  for (const side of [from, to])
    assertClient('migrating', side, ['load'], 'two backends, such as redis(client)')
  const backend: Backend = new Migrating(from, to, options.move ?? true)
  return backend as MigratingBackend<From, To>
}

/** One of the two backends. */
type Side = 'old' | 'new'

/** A record and the backend that it was found in. */
interface Found {
  readonly side: Side
  readonly record: StoredRecord
}

// No record of a ServerStore begins like this, and no text does.
const reservation = utf8Bytes('\0\0silverback reservation ')
const parcel = utf8Bytes('\0\0silverback parcel ')
const numberLength = 16

/** Attempts to move a record that others keep changing. */
const attempts = 20

class Migrating implements Backend {
  readonly limitations: readonly Limitation[]
  readonly #from: AnyBackend
  readonly #to: AnyBackend
  readonly #move: boolean
  ofOwner?: OwnerIndex['ofOwner']
  deleteOwner?: OwnerIndex['deleteOwner']
  all?: Listable['all']
  prune?: Prunable['prune']
  ensureSchema?: Preparable['ensureSchema']

  constructor(from: AnyBackend, to: AnyBackend, move: boolean) {
    this.#from = from
    this.#to = to
    this.#move = move
    this.limitations = [...new Set([...(from.limitations ?? []), ...(to.limitations ?? [])])]
    if (from.ofOwner && to.ofOwner) {
      this.ofOwner = this.#ofOwner
      this.deleteOwner = this.#deleteOwner
    }
    if (from.all && to.all) this.all = this.#all
    if (from.prune || to.prune) this.prune = this.#prune
    if (from.ensureSchema || to.ensureSchema) this.ensureSchema = this.#ensureSchema
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const found = await this.#loadMoved(id, options)
    return found && versioned(found)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const [side, other] = this.#move ? (['new', 'old'] as const) : (['old', 'new'] as const)
    if (await this.#backend(other).load(id, options)) return { status: 'exists' }
    const result = await this.#backend(side).create(id, record, options)
    return result.status === 'created' ? written('created', side, result.version) : result
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const parsed = parseVersion(version)
    if (parsed) {
      const result = await this.#backend(parsed.side).update(id, record, parsed.version, options)
      if (result.status === 'updated') return written('updated', parsed.side, result.version)
    }
    // The record has another version, is being moved, or is gone: return its current state.
    const found = await this.#find(id, options)
    return found ? { status: 'conflict', current: versioned(found) } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const found = await this.#loadMoved(id, options)
    if (found) await this.#backend(found.side).touch(id, expires, options)
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    // The order matters: see the top of this file.
    await this.#from.delete(id, options)
    await this.#to.delete(id, options)
  }

  async #ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const { ofOwner: ofOld } = this.#from as AnyBackend & OwnerIndex
    const { ofOwner: ofNew } = this.#to as AnyBackend & OwnerIndex
    // The old backend first, so that a record that moves meanwhile is found twice rather than not at all.
    const old = await ofOld.call(this.#from, owner, options)
    return [...new Set([...old, ...(await ofNew.call(this.#to, owner, options))])]
  }

  async #deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    const ids = await this.#ofOwner(owner, options)
    const doomed = ids.filter(id => !options?.except?.includes(id))
    await Promise.all(doomed.map(id => this.delete(id, options)))
    return doomed.length
  }

  async *#all(options?: OperationOptions): AsyncGenerator<string> {
    const { all: allOld } = this.#from as AnyBackend & Listable
    const { all: allNew } = this.#to as AnyBackend & Listable
    // The old backend first, for the same reason as in #ofOwner.
    yield* allOld.call(this.#from, options)
    yield* allNew.call(this.#to, options)
  }

  async #prune(options?: OperationOptions): Promise<number> {
    return ((await this.#from.prune?.(options)) ?? 0) + ((await this.#to.prune?.(options)) ?? 0)
  }

  async #ensureSchema(options?: OperationOptions): Promise<void> {
    await this.#from.ensureSchema?.(options)
    await this.#to.ensureSchema?.(options)
  }

  /** Finds the record, after moving it to the new backend if records move. */
  async #loadMoved(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const gaveUp = (tried: number): Error =>
      new Error(`gave up moving the record after ${tried} conflicting writes`)
    return retryOnConflict<undefined, Found | undefined>(
      undefined,
      async () => {
        const found = await this.#find(id, options)
        if (!this.#move || found?.side !== 'old') return { result: found }
        const wrapped = await this.#wrap(id, found.record, options)
        if (!wrapped) return { retry: undefined }
        return { result: await this.#unwrap(id, wrapped, options) }
      },
      { attempts, gaveUp },
    )
  }

  async #find(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const moved = await this.#findNew(id, options)
    if (moved) return moved
    const record = await this.#from.load(id, options)
    // It does not exist, or it was moved between the two reads.
    if (!record) return this.#findNew(id, options)
    return after(parcel, record.data) ? this.#unwrap(id, record, options) : { side: 'old', record }
  }

  async #findNew(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const record = await this.#to.load(id, options)
    return record && !after(reservation, record.data) ? { side: 'new', record } : undefined
  }

  /** Steps 1 and 2. Returns the parcel, or undefined if the record has changed since it was read. */
  async #wrap(
    id: string,
    record: StoredRecord,
    options?: OperationOptions,
  ): Promise<StoredRecord | undefined> {
    const number = await this.#reserve(id, record.expires, options)
    if (!number) return undefined
    const wrapped = { ...record, data: concatBytes(parcel, number, record.data) }
    const { status } = await this.#from.update(id, wrapped, record.version, options)
    if (status === 'updated') return wrapped
    if (status === 'gone') await this.#cancel(id, options)
    return undefined
  }

  /**
   * Creates a reservation, or finds the one that exists, and returns its number. Returns undefined if the
   * new backend has the record already.
   */
  async #reserve(
    id: string,
    expires: number,
    options?: OperationOptions,
  ): Promise<Uint8Array | undefined> {
    const number = randomBytes(numberLength)
    // It has no owner: until step 3 the record is found by the owner of its parcel. It outlasts the record,
    // also one whose expiry is extended meanwhile.
    const item = { data: concatBytes(reservation, number), expires: expires + thirtyDays }
    const { status } = await this.#to.create(id, item, options)
    if (status === 'created') return number
    const current = await this.#to.load(id, options)
    return current && after(reservation, current.data)
  }

  /** Steps 3 and 4. */
  async #unwrap(
    id: string,
    { data, expires, owner }: StoredRecord,
    options?: OperationOptions,
  ): Promise<Found | undefined> {
    const content = after(parcel, data) as Uint8Array
    const item = await this.#to.load(id, options)
    const number = item && after(reservation, item.data)
    if (number && equalBytes(number, content.subarray(0, numberLength))) {
      const record = { data: content.slice(numberLength), expires, owner }
      await this.#to.update(id, record, item.version, options)
    }
    // This process or another has moved the record to the new backend, unless it was deleted.
    const found = await this.#findNew(id, options)
    await this.#from.delete(id, options)
    return found
  }

  /** Removes a reservation whose record was deleted. */
  async #cancel(id: string, options?: OperationOptions): Promise<void> {
    const item = await this.#to.load(id, options)
    if (item && after(reservation, item.data)) await this.#to.delete(id, options)
  }

  #backend(side: Side): Backend {
    return side === 'old' ? this.#from : this.#to
  }
}

/** Returns the bytes after `start`, or undefined if the data begins differently. */
function after(start: Uint8Array, data: Uint8Array): Uint8Array | undefined {
  return equalBytes(data.subarray(0, start.length), start) ? data.subarray(start.length) : undefined
}

/** Returns the record with a version that names the side: those of one backend mean nothing in the other. */
function versioned({ side, record }: Found): StoredRecord {
  return { ...record, version: versionOf(side, record.version) }
}

function written<Status extends string>(
  status: Status,
  side: Side,
  version: Version,
): { status: Status; version: Version } {
  return { status, version: versionOf(side, version) }
}

function versionOf(side: Side, version: Version): Version {
  return `${side} ${typeof version} ${version}`
}

/** Parses a version of `versionOf`. Returns undefined for any other. */
function parseVersion(version: Version): { side: Side; version: Version } | undefined {
  const match = /^(old|new) (string|number) (.*)$/s.exec(String(version))
  if (!match) return undefined
  const [, side, type, text] = match as unknown as [string, Side, string, string]
  return { side, version: type === 'number' ? Number(text) : text }
}
