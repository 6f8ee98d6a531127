/**
 * Moves sessions of Go programs to another store: a reader for visitors who return, and a copy of all records for
 * those who return after the storage of the Go program is gone.
 *
 * A copy is a record of a backend under the hash of the id in the Go program's cookie:
 *
 *     copy  = kind notBefore data
 *     kind  = "t" for text, "b" for bytes
 *     notBefore = float64: Unix time before which no cookie of the record was made; 0 = unknown
 *
 * The data is as it was. It is authenticated and deserialized when the visitor returns, because that takes the name of
 * the session, which the cookie has and the record has not.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import type { Backend } from '../backends/backend.ts'
import { keyOf } from '../backends/ids.ts'
import { assertClient } from '../backends/lib/client.ts'
import { keyed } from '../codec/non-string-keys.ts'
import { GoValue } from '../go/gob/values.ts'
import { type Layout, layoutOf } from '../go/stores/lib/layout.ts'
import { type Found, type Listed, openRecord } from '../go/stores/lib/records.ts'
import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { isPlainObject, setOwn } from '../lib/plain-object.ts'
import { storeOperation } from '../lib/store-errors.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import type { SessionStore } from '../stores/session-store.ts'
import { asValues } from './formats.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
} from './options.ts'

export type { Backend, Reader, ReaderOptions }

/** Options of {@link goSession}. */
export interface GoSessionOptions extends ReaderOptions {
  /** The name of the Go program's session, which is that of its cookie. Default: the name of the session. */
  cookie?: string
  /** The backend to which {@link copyGoSessions} has copied the records. Default: the store is read. */
  copies?: Backend
  /**
   * Converts the values of a session, for example into those of the new program. Default {@link plainValues}.
   * `values => values` keeps the Go types for a store with the serializer `gob`.
   */
  values?: (values: Values) => Values
}

/**
 * Returns a reader for the sessions of a Go program: those of a store of `silverback/go/…` or `silverback/gorilla`, or
 * copies of them. The records stay as they are. Reading rejects when the store or the backend fails.
 *
 * Throws a TypeError for a wrong store or option, and for `copies` with a store whose sessions cannot be copied.
 */
export function goSession(store: SessionStore, options: GoSessionOptions = {}): Reader {
  assertReaderOptions('goSession', options, ['cookie', 'copies', 'values'])
  const { cookie: fixedName, copies, values: convert = plainValues } = options
  if (fixedName !== undefined) cookieName(fixedName)
  assertFunction('values', convert)
  const read = copies ? readerOfCopies(store, copies, clockOf(options)) : readerOf(store)
  const nameFor = (name: string) => fixedName ?? name
  return createReader(
    options,
    name => [nameFor(name)],
    async (name, cookie) => {
      const text = cookie(nameFor(name))
      const values = text ? await read(nameFor(name), text) : undefined
      return values && convert(values)
    },
  )
}

/** Returns the values of the session that a cookie stands for. */
type Read = (name: string, text: string) => Promise<Values | undefined>

function readerOf(store: SessionStore): Read {
  assertStore('goSession', store)
  return async (name, text) => {
    const session = await store.get({ headers: { cookie: `${name}=${text}` } }, name)
    return session.isNew ? undefined : session.values
  }
}

function readerOfCopies(store: SessionStore, copies: Backend, now: () => number): Read {
  const { cookie, format } = copiableLayout('goSession', store)
  assertClient('goSession', copies, ['load'], 'a backend, such as redis(client)')
  const find = (id: string): Promise<Found<unknown> | undefined> =>
    storeOperation('find', async () => {
      const record = await copies.load(keyOf(id))
      return record && { ...fromCopy(record.data), remaining: record.expires - now() }
    })
  return async (name, text) => {
    const opened = await openRecord(cookie, find, name, text)
    if ('reason' in opened) return undefined
    const read = format.read(name, opened.found.data)
    return 'reason' in read ? undefined : asValues(read.values)
  }
}

/** Options of {@link copyGoSessions}. */
export interface CopyGoSessionsOptions {
  /** Where to continue: the `cursor` of a {@link CopiedPage}. Default: at the beginning. */
  cursor?: string
  /** The clock: returns Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** Some of the records, which have been copied. */
export interface CopiedPage {
  /** How many records were read that have not expired. */
  readonly read: number
  /** How many were copied, because there was no copy or a different one. */
  readonly copied: number
  /** Where a later run can continue; undefined after the last page. */
  readonly cursor: string | undefined
}

/**
 * Copies the records of a Go program to a backend, for {@link goSession} with `copies`. Yields after each page. A run
 * can continue that of another process, and can be repeated: copies that are up to date stay as they are. The records
 * are not changed.
 *
 * The backend must be for these copies only: a prefix, table or collection of their own, for each store.
 *
 * Throws a TypeError for a wrong store, backend or option, and for a store whose records cannot be listed, which are
 * those in memcached and in cookies. The iteration rejects with the error of the driver or the backend.
 */
export function copyGoSessions(
  from: SessionStore,
  to: Backend,
  options: CopyGoSessionsOptions = {},
): AsyncGenerator<CopiedPage, void> {
  assertKnownOptions('copyGoSessions', options, ['cursor', 'now'])
  const layout = copiableLayout('copyGoSessions', from)
  assertClient('copyGoSessions', to, ['load', 'create'], 'a backend, such as redis(client)')
  const { cursor = '' } = options
  if (typeof cursor !== 'string') {
    throw new TypeError(`cursor must be a string, not ${describeKind(cursor)}`)
  }
  return copyPages(layout, to, cursor, clockOf(options))
}

async function* copyPages(
  { records, maxAge }: Layout<unknown>,
  to: Backend,
  start: string,
  now: () => number,
): AsyncGenerator<CopiedPage, void> {
  let cursor: string | undefined = start
  while (cursor !== undefined) {
    const page: Awaited<ReturnType<NonNullable<typeof records.list>>> = await records.list!(cursor)
    const copies = page.records.map(record => {
      const expires = Math.floor(now() + (record.remaining ?? maxAge))
      return copyRecord(record, expires, to)
    })
    const copied = (await Promise.all(copies)).filter(Boolean).length
    cursor = page.next
    yield { read: page.records.length, copied, cursor }
  }
}

/** Resolves to whether the backend did not have this copy yet. */
async function copyRecord(record: Listed<unknown>, expires: number, to: Backend): Promise<boolean> {
  const id = keyOf(record.id)
  const copy = { data: toCopy(record), expires }
  const { status } = await to.create(id, copy)
  if (status === 'created') return true
  const current = await to.load(id)
  if (!current) return false
  if (!equalBytes(current.data, copy.data)) {
    return (await to.update(id, copy, current.version)).status === 'updated'
  }
  if (expires > current.expires) await to.touch(id, expires)
  return false
}

const headerLength = 9
const textKind = 't'.charCodeAt(0)
const bytesKind = 'b'.charCodeAt(0)

function toCopy({ data, notBefore = 0 }: Found<unknown>): Uint8Array {
  const content = typeof data === 'string' ? utf8Bytes(data) : (data as Uint8Array)
  const copy = new Uint8Array(headerLength + content.length)
  copy[0] = typeof data === 'string' ? textKind : bytesKind
  new DataView(copy.buffer).setFloat64(1, notBefore)
  copy.set(content, headerLength)
  return copy
}

function fromCopy(copy: Uint8Array): Found<unknown> {
  const content = copy.subarray(headerLength)
  const notBefore = new DataView(copy.buffer, copy.byteOffset, copy.length).getFloat64(1)
  return {
    // The text is base64 in every layout.
    data: copy[0] === textKind ? latin1Text(content, 0, content.length) : content,
    notBefore: notBefore || undefined,
  }
}

function copiableLayout(owner: string, store: SessionStore): Layout<unknown> {
  assertStore(owner, store)
  const layout = layoutOf(store)
  if (layout?.records.list) return layout
  throw new TypeError(
    `${owner}: the sessions of this store cannot be copied, because they cannot be listed; ` +
      'read them with goSession(store) until the last one has expired',
  )
}

function assertStore(owner: string, store: unknown): void {
  if (typeof Object(store).get === 'function') return
  throw new TypeError(
    `${owner} takes a store of silverback/go/… or silverback/gorilla, not ${describeKind(store)}`,
  )
}

/**
 * Converts the values of a Go session to values without Go types: a string that is not UTF-8 and a type that encodes
 * itself become their bytes, and a complex number becomes `[re, im]`.
 */
export function plainValues(values: Values): Values {
  return plain(values) as Values
}

function plain(value: unknown): unknown {
  if (value instanceof GoValue) return plain(value.value)
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return plainMap(value)
  if (!isPlainObject(value)) return value
  const copy = {}
  for (const [key, each] of Object.entries(value)) setOwn(copy, key, plain(each))
  const others = (value as { [keyed]?: unknown })[keyed]
  return others instanceof Map && others.size > 0
    ? Object.assign(copy, { [keyed]: plainMap(others) })
    : copy
}

function plainMap(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  return new Map(Array.from(map, ([key, value]) => [plain(key), plain(value)]))
}
