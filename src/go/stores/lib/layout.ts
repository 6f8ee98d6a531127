/**
 * The layouts of open stores, for programs that move their sessions elsewhere.
 *
 * @module
 */

import { thirtyDays } from '../../../lib/clock.ts'
import { SessionStore } from '../../../stores/session-store.ts'
import type { Settings } from '../../../stores/settings.ts'
import { type IdCookie, type RecordFormat, RecordPersistence, type Records } from './records.ts'

/** What is needed to read the records of a store somewhere else. */
export interface Layout<Data> {
  readonly records: Pick<Records<Data>, 'list'>
  readonly format: RecordFormat<Data>
  readonly cookie: IdCookie
  /** The Max-Age of the store in seconds, for records whose expiry the storage does not know. */
  readonly maxAge: number
}

const layouts = new WeakMap<object, Layout<unknown>>()

/** Returns a store for a layout. */
export function storeFor<Data>(
  records: Records<Data>,
  format: RecordFormat<Data>,
  cookie: IdCookie,
  settings: Settings,
): SessionStore {
  const store = new SessionStore(new RecordPersistence(records, format, cookie), settings)
  const { maxAge } = settings.options
  addLayout(store, {
    records,
    format,
    cookie,
    maxAge: typeof maxAge === 'number' ? maxAge : thirtyDays,
  })
  return store
}

/** Makes the layout of a store known to {@link layoutOf}. */
export function addLayout<Data>(store: object, layout: Layout<Data>): void {
  layouts.set(store, layout as Layout<unknown>)
}

/** Returns the layout of a store; undefined for a store without records. */
export function layoutOf(store: object): Layout<unknown> | undefined {
  return layouts.get(store)
}
