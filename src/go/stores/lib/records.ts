/**
 * What the layouts of Go's community stores have in common: the cookie holds an id, a record holds the values.
 *
 * A layout says how the cookie carries the id, how a record holds the values, and where records are stored.
 *
 * @module
 */

import { type Codec, encodeMulti, type Renewal } from '../../../codec/codec.ts'
import type { Serializer } from '../../../codec/serializers/serializer.ts'
import { SessionError } from '../../../errors.ts'
import { storeOperation } from '../../../lib/store-errors.ts'
import { isRenewalDue } from '../../../session/lifetime.ts'
import type { Defaults, Snapshot } from '../../../session/snapshot.ts'
import type { Capability } from '../../../session/store.ts'
import { CookiePersistence } from '../../../stores/cookie/cookie-persistence.ts'
import { payloadOf, type Swapped, swapMerged } from '../../../stores/merge-draft.ts'
import { loadPayload, openCookie } from '../../../stores/open-cookie.ts'
import type {
  Draft,
  Loaded,
  Persistence,
  ReadContext,
  Rejected,
  Written,
} from '../../../stores/persistence.ts'
import { GoValue } from '../../gob/index.ts'
import type { SecureCookie } from '../../securecookie.ts'

/** A record as it was found. */
export interface Found<Data> {
  readonly data: Data
  /** Seconds until it expires, if the storage records that. */
  readonly remaining?: number | undefined
  /**
   * Unix time before which its cookies cannot have been made, where ids of deleted records are used again: an older
   * cookie belongs to an earlier record.
   */
  readonly notBefore?: number | undefined
}

/** A new content of a record. */
export interface NewRecord<Data> {
  readonly data: Data
  /** Seconds until it expires. */
  readonly seconds: number
}

/** A record of a listing. */
export interface Listed<Data> extends Found<Data> {
  readonly id: string
}

/** A page of a listing. */
export interface Page<Data> {
  /** Records that exist. A record may be listed twice. */
  readonly records: readonly Listed<Data>[]
  /** The cursor of the next page; undefined after the last one. */
  readonly next: string | undefined
}

/** How many records a page of a listing has at most, or about as many. */
export const pageSize = 100

/** Where a layout stores its records. Every operation rejects with the error of the driver. */
export interface Records<Data> {
  /** Resolves to a record; undefined if there is none or if it has expired. */
  find(id: string): Promise<Found<Data> | undefined>
  /** Stores a record under a new id. Resolves to the id. */
  insert(record: NewRecord<Data>): Promise<string>
  /** Replaces a record if it is still as it was found. Resolves to whether it did. */
  replace(id: string, found: Found<Data>, record: NewRecord<Data>): Promise<boolean>
  /** Deletes a record, if `found` is given only as long as it is as it was found. Resolves to whether it did. */
  remove(id: string, found?: Found<Data>): Promise<boolean>
  /**
   * Lists the records, a page at a time. Left out where the storage cannot list.
   *
   * @param cursor - an empty string for the first page
   */
  list?(cursor: string): Promise<Page<Data>>
}

/** How a record holds the values of a session. */
export interface RecordFormat<Data> {
  readonly serializer: Serializer
  read(name: string, data: Data): Loaded | Rejected
  /** Throws `serialize-failed` or `value-too-long`. */
  write(draft: Draft): Data
}

/** How the cookie carries the id. */
export interface IdCookie {
  readonly codecs: readonly Codec[]
  open(
    name: string,
    text: string,
  ): Rejected | { id: unknown; issuedAt?: number | undefined; renewal?: Renewal | undefined }
  write(name: string, id: string): string
}

/** Bytes of a serializer, not signed or encrypted. */
export function serialized(serializer: Serializer, maxLength: number): RecordFormat<Uint8Array> {
  return {
    serializer,
    read: (_, data) => loadPayload(data, serializer),
    write(draft) {
      const data = payloadOf(draft, serializer)
      if (maxLength === 0 || data.length <= maxLength) return data
      throw new SessionError(
        'value-too-long',
        `session "${draft.name}" has ${data.length} bytes, and maxLength is ${maxLength}`,
      )
    },
  }
}

/**
 * What a cookie store puts into the cookie: securecookie's text.
 *
 * @param times - values that must be times, because the Go store fails with any other
 */
export function signedText(
  codecs: readonly SecureCookie[],
  times: readonly string[] = [],
): RecordFormat<string> {
  const cookies = new CookiePersistence(codecs, false, { tooLarge: 'spill' })
  return {
    serializer: (codecs[0] as SecureCookie).serializer,
    read(name, data) {
      const record = cookies.read(name, data)
      return 'reason' in record ? record : { ...record, issuedAt: undefined, id: undefined }
    },
    write(draft) {
      assertTimes(draft, times)
      return cookies.write(draft).text as string
    },
  }
}

function assertTimes({ name, values }: Draft, times: readonly string[]): void {
  for (const key of times) {
    const value = values[key] ?? undefined
    if (value === undefined || value instanceof Date || value instanceof GoValue) continue
    throw new SessionError(
      'serialize-failed',
      `session "${name}": the Go store reads ${key} as a time.Time; make it a Date, or use another key`,
    )
  }
}

/** The id as securecookie's text. */
export function signedId(codecs: readonly SecureCookie[]): IdCookie {
  return {
    codecs,
    open(name, text) {
      const cookie = openCookie(name, text, codecs)
      if ('reason' in cookie) return cookie
      const { value, issuedAt, renewal } = cookie.opened
      return { id: value, issuedAt, renewal }
    },
    write: (name, id) => encodeMulti(name, id, codecs),
  }
}

/** The id itself, not signed. */
export const plainId: IdCookie = {
  codecs: [],
  open: (_, text) => ({ id: text }),
  write: (_, id) => id,
}

/** Ids go into keys and statements. Go's stores make them of base32, hexadecimal or decimal digits. */
const safeId = /^[\w-]{1,128}$/

/** A record that a cookie leads to. */
interface OpenedRecord<Data> {
  readonly id: string
  readonly found: Found<Data>
  /** When the cookie was made, in Unix time, where it says. */
  readonly issuedAt: number | undefined
  readonly renewal: Renewal | undefined
}

/** Finds the record that a cookie leads to. Rejects when `find` does. */
export async function openRecord<Data>(
  cookie: IdCookie,
  find: Records<Data>['find'],
  name: string,
  text: string,
): Promise<OpenedRecord<Data> | Rejected> {
  const opened = cookie.open(name, text)
  if ('reason' in opened) return opened
  const { id, issuedAt, renewal } = opened
  if (typeof id !== 'string' || !safeId.test(id)) return { reason: 'malformed' }
  const found = await find(id)
  // An id whose record is gone is not used again, where Go's stores adopt it.
  if (!found || isReused(found, issuedAt)) return { reason: 'unknown-id' }
  return { id, found, issuedAt, renewal }
}

/** Reads and writes the records of a layout. */
export class RecordPersistence<Data> implements Persistence {
  readonly capabilities: ReadonlySet<Capability> = new Set(['merging', 'revocation'])
  readonly serializer: Serializer
  readonly codecs: readonly Codec[]
  readonly #records: Records<Data>
  readonly #format: RecordFormat<Data>
  readonly #cookie: IdCookie

  constructor(records: Records<Data>, format: RecordFormat<Data>, cookie: IdCookie) {
    this.#records = records
    this.#format = format
    this.#cookie = cookie
    this.serializer = format.serializer
    this.codecs = cookie.codecs
  }

  async read(name: string, text: string, { defaults }: ReadContext): Promise<Loaded | Rejected> {
    const opened = await openRecord(this.#cookie, id => this.#find(id), name, text)
    if ('reason' in opened) return opened
    const { id, found, issuedAt } = opened
    const age = ageOf(found, issuedAt, defaults)
    const { maxAge } = defaults.options
    const idle = typeof maxAge === 'number' ? maxAge : undefined
    const isDue = age !== undefined && isRenewalDue(age, idle, defaults.lifetime)
    const renewal = opened.renewal ?? (isDue ? 'age' : undefined)
    return { ...this.#format.read(name, found.data), id, renewal, kept: found }
  }

  async write(draft: Draft, base: Snapshot): Promise<Written | undefined> {
    const { name, id: old, maxAge, idle } = draft
    const seconds = maxAge ?? idle
    let id = old
    let found = base.kept as Found<Data> | undefined
    const swap = async (next: Draft): Promise<Swapped> => {
      const record = { data: this.#format.write(next), seconds }
      const written = await this.#put(next, found, record)
      if (written !== undefined) {
        id = written
        found = { data: record.data }
        return 'written'
      }
      found = await this.#find(old as string)
      return found ? { theirs: { ...this.#format.read(name, found.data), maxAge } } : 'gone'
    }
    const swapped = await swapMerged(draft, base, { serializer: this.serializer }, swap)
    if (!swapped) return undefined
    return { ...swapped, text: this.#cookie.write(name, id as string), id, kept: found }
  }

  async erase({ id }: Snapshot): Promise<void> {
    if (id !== undefined) await storeOperation('delete', () => this.#records.remove(id))
  }

  /** Stores a record. Resolves to its id; undefined if the session has changed or is gone. */
  async #put(
    { id, rotation }: Draft,
    found: Found<Data> | undefined,
    record: NewRecord<Data>,
  ): Promise<string | undefined> {
    const records = this.#records
    if (id === undefined) return storeOperation('insert', () => records.insert(record))
    if (!found) return undefined
    if (rotation === undefined) {
      const isReplaced = await storeOperation('update', () => records.replace(id, found, record))
      return isReplaced ? id : undefined
    }
    // The new record first: nobody knows its id yet. The session moves when the old one is deleted.
    const moved = await storeOperation('insert', () => records.insert(record))
    if (await storeOperation('delete', () => records.remove(id, found))) return moved
    await storeOperation('delete', () => records.remove(moved))
    return undefined
  }

  #find(id: string): Promise<Found<Data> | undefined> {
    return storeOperation('find', () => this.#records.find(id))
  }
}

function isReused({ notBefore }: Found<unknown>, issuedAt: number | undefined): boolean {
  return notBefore !== undefined && issuedAt !== undefined && issuedAt < notBefore
}

/** Seconds since the session was last saved, as far as that is known. */
function ageOf(
  { remaining }: Found<unknown>,
  issuedAt: number | undefined,
  { now, options, lifetime }: Defaults,
): number | undefined {
  if (issuedAt !== undefined) return now() - issuedAt
  const idle = typeof options.maxAge === 'number' ? options.maxAge : lifetime.idle
  return remaining === undefined ? undefined : idle - remaining
}
