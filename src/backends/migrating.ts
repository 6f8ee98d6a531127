/**
 * Records on their way from one place to another, while both are in use.
 *
 * A record is in one place at a time, and moves when it is read:
 *
 * 1. The new place gets a **reservation**: a number by chance, which does not count as a record.
 * 2. The old place gets a **parcel** in place of the record, by its version: the number of the
 *    reservation and the record, out of reach of those who write to the old place.
 * 3. What is in the parcel replaces the reservation of this number.
 * 4. The parcel is deleted.
 *
 * Whoever finds a parcel, and no record in the new place, goes on from there. A process that ends before
 * step 4 leaves a parcel that means nothing any more, until it expires. A deletion removes first what is
 * in the old place, then what is in the new. After that neither step 2 nor step 3 finds what it would
 * replace, so no move brings the record back.
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
import type { AnyBackend, Extras } from './lib/extras.ts'

/** How far the migration is. */
export interface MigratingOptions {
  /**
   * Whether records move. False: each is read and written where it is, and new ones are made in the old
   * place. That goes first, until every process knows both places. Default true.
   */
  move?: boolean
}

/** Offers what both places offer; prunes and prepares those that have to be. */
export type MigratingBackend<From, To> = Backend &
  Extras<From & To, 'prune' | 'ensureSchema'> &
  OfBoth<From, To, OwnerIndex> &
  OfBoth<From, To, Listable>

type OfBoth<From, To, Offer> = From extends Offer ? (To extends Offer ? Offer : unknown) : unknown

/** Keeps records in `to`, and in `from` those that have not been read since. */
export function migrating<From extends AnyBackend, To extends AnyBackend>(
  from: From,
  to: To,
  options: MigratingOptions = {},
): MigratingBackend<From, To> {
  assertKnownOptions('migrating', options, ['move'])
  const backend: Backend = new Migrating(from, to, options.move ?? true)
  return backend as MigratingBackend<From, To>
}

/** Where a record was found. */
interface Found {
  readonly place: 'old' | 'new'
  readonly record: StoredRecord
}

// No record of ours begins like this, nor does text.
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
    const found = await this.#bring(id, options)
    return found && versioned(found)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const [place, other] = this.#move ? (['new', 'old'] as const) : (['old', 'new'] as const)
    if (await this.#in(other).load(id, options)) return { status: 'exists' }
    const result = await this.#in(place).create(id, record, options)
    return result.status === 'created' ? written('created', place, result.version) : result
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const known = place(version)
    if (known) {
      const result = await this.#in(known.place).update(id, record, known.version, options)
      if (result.status === 'updated') return written('updated', known.place, result.version)
    }
    // Another version, or on its way, or gone: told of the record as it is now.
    const found = await this.#find(id, options)
    return found ? { status: 'conflict', current: versioned(found) } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const found = await this.#bring(id, options)
    if (found) await this.#in(found.place).touch(id, expires, options)
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    // In this order: see above.
    await this.#from.delete(id, options)
    await this.#to.delete(id, options)
  }

  async #ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const { ofOwner: ofOld } = this.#from as AnyBackend & OwnerIndex
    const { ofOwner: ofNew } = this.#to as AnyBackend & OwnerIndex
    // In this order: what moves meanwhile is found twice, not never.
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
    // In this order, as with owners.
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

  /** The record, in the new place if records move. */
  async #bring(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const gaveUp = (tried: number): Error =>
      new Error(`gave up moving the record after ${tried} conflicting writes`)
    return retryOnConflict<undefined, Found | undefined>(
      undefined,
      async () => {
        const found = await this.#find(id, options)
        if (!this.#move || found?.place !== 'old') return { result: found }
        const wrapped = await this.#wrap(id, found.record, options)
        if (!wrapped) return { retry: undefined }
        return { result: await this.#unwrap(id, wrapped, options) }
      },
      { attempts, gaveUp },
    )
  }

  async #find(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const moved = await this.#inNewPlace(id, options)
    if (moved) return moved
    const record = await this.#from.load(id, options)
    // Not there, for it was moved between the two looks; or there is none.
    if (!record) return this.#inNewPlace(id, options)
    return after(parcel, record.data) ? this.#unwrap(id, record, options) : { place: 'old', record }
  }

  async #inNewPlace(id: string, options?: OperationOptions): Promise<Found | undefined> {
    const record = await this.#to.load(id, options)
    return record && !after(reservation, record.data) ? { place: 'new', record } : undefined
  }

  /** Steps 1 and 2. Answers the parcel; undefined when the record was not as it was read. */
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

  /** The number of the reservation, which may be there already; undefined when the record is. */
  async #reserve(
    id: string,
    expires: number,
    options?: OperationOptions,
  ): Promise<Uint8Array | undefined> {
    const number = randomBytes(numberLength)
    // Without an owner: it is the parcel that is found by it. It outlasts the record, renewed or not.
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
    // By us or another: the record is in the new place, unless it was deleted.
    const found = await this.#inNewPlace(id, options)
    await this.#from.delete(id, options)
    return found
  }

  /** Removes a reservation whose record was deleted. */
  async #cancel(id: string, options?: OperationOptions): Promise<void> {
    const item = await this.#to.load(id, options)
    if (item && after(reservation, item.data)) await this.#to.delete(id, options)
  }

  #in(where: Found['place']): Backend {
    return where === 'old' ? this.#from : this.#to
  }
}

/** What comes after this start; undefined for bytes that have another. */
function after(start: Uint8Array, data: Uint8Array): Uint8Array | undefined {
  return equalBytes(data.subarray(0, start.length), start) ? data.subarray(start.length) : undefined
}

/** Versions tell the place, too: those of one mean nothing in the other. */
function versioned({ place, record }: Found): StoredRecord {
  return { ...record, version: versionIn(place, record.version) }
}

function written<Status extends string>(
  status: Status,
  where: Found['place'],
  version: Version,
): { status: Status; version: Version } {
  return { status, version: versionIn(where, version) }
}

function versionIn(where: Found['place'], version: Version): Version {
  return `${where} ${typeof version} ${version}`
}

/** The place of a version, and the version there; undefined for what is none of ours. */
function place(version: Version): { place: Found['place']; version: Version } | undefined {
  const match = /^(old|new) (string|number) (.*)$/s.exec(String(version))
  if (!match) return undefined
  const [, where, type, text] = match as unknown as [string, Found['place'], string, string]
  return { place: where, version: type === 'number' ? Number(text) : text }
}
