/**
 * Lists of sessions: reading them a page at a time, finding one of them, and printing them.
 *
 * @module
 */

import type { Page } from '../../backends/backend.ts'
import { isId } from '../../backends/ids.ts'
import type { AnyBackend } from '../../backends/lib/extras.ts'
import type { SessionInfo } from '../../stores/server-store.ts'
import { UsageError } from '../lib/exit-codes.ts'
import { printable, type Style, table } from '../lib/style.ts'
import type { OpenStore } from './store.ts'

/** How many characters of a handle are printed: enough to tell millions of sessions apart. */
const shortLength = 12

/** The fewest characters of a handle that find a session. */
const shortestPrefix = 8

/** Some sessions, and where to continue. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[]
  readonly next: string | undefined
  /** How many records were read, of which some are no sessions. */
  readonly records: number
}

/**
 * Reads about `limit` sessions, from the cursor of an earlier page. Never reads much more than that, so that a large
 * store is not blocked. Rejects with a UsageError for a wrong cursor.
 */
export async function pageOfSessions(
  open: OpenStore,
  { limit, cursor, signal }: { limit: number; cursor: string | undefined; signal: AbortSignal },
): Promise<SessionPage> {
  const { backend } = open
  const page = (backend.page as NonNullable<AnyBackend['page']>).bind(backend)
  const sessions = new Map<string, SessionInfo>()
  let records = 0
  let next = cursor
  do {
    const read: Page = await page({ cursor: next, limit: limit - sessions.size, signal }).catch(
      asUsageError,
    )
    records += read.ids.length
    const store = open.storeOver(onlyWith(backend, read.ids))
    for await (const info of store.sessions({ signal })) sessions.set(info.handle, info)
    next = read.next
  } while (next !== undefined && sessions.size < limit)
  return { sessions: [...sessions.values()], next, records }
}

function asUsageError(error: unknown): never {
  if (error instanceof RangeError) throw new UsageError(`--cursor: ${error.message}.`)
  throw error
}

/** A view of the backend that lists only these ids. */
function onlyWith(backend: AnyBackend, ids: readonly string[]): AnyBackend {
  return {
    ...(backend.limitations && { limitations: backend.limitations }),
    load: (id, options) => backend.load(id, options),
    create: (id, record, options) => backend.create(id, record, options),
    update: (id, record, version, options) => backend.update(id, record, version, options),
    touch: (id, expires, options) => backend.touch(id, expires, options),
    delete: (id, options) => backend.delete(id, options),
    async *all() {
      yield* ids
    },
  }
}

/**
 * Resolves to the whole handle that begins with `text`; undefined if there is none. A whole handle is not looked up.
 * Rejects with a UsageError if it is too short, or the beginning of several.
 */
export async function findHandle(
  text: string,
  { backend }: OpenStore,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (isId(text)) return text
  const { length } = text
  if (!/^[\w-]+$/.test(text) || length < shortestPrefix) {
    throw new UsageError(
      `HANDLE must be at least the first ${shortestPrefix} characters of a handle, as sessions list prints it.`,
    )
  }
  if (!backend.all) return undefined
  const found = new Set<string>()
  for await (const id of backend.all({ signal })) {
    if (id.startsWith(text) && isId(id)) found.add(id)
  }
  if (found.size > 1) {
    throw new UsageError(
      `${found.size} sessions have a handle that begins with ${text}. Pass more of it.`,
    )
  }
  return [...found][0]
}

/** The beginning of a handle. */
export function shortHandle(handle: string): string {
  return handle.slice(0, shortLength)
}

/** A table of sessions for people. */
export function linesOf(sessions: readonly SessionInfo[], style: Style): string[] {
  const head = ['handle', 'name', 'owner', 'begun', 'last seen', 'expires', 'device']
  const rows = sessions.map(session => [
    style.name(shortHandle(session.handle)),
    printable(session.name),
    session.owner === undefined ? style.dim('—') : short(session.owner, 32),
    timeOf(session.createdAt),
    timeOf(session.lastSeenAt),
    timeOf(session.expiresAt),
    short(session.label ?? '', 40),
  ])
  return table([head.map(style.bold), ...rows])
}

/** The fields of a session that JSON has. */
export function jsonOf(session: SessionInfo): object {
  const { handle, name, owner, label, createdAt, lastSeenAt, expiresAt } = session
  const { authenticatedAt, userAgent, address } = session
  return {
    handle,
    name,
    owner,
    label,
    createdAt,
    lastSeenAt,
    expiresAt,
    authenticatedAt,
    userAgent,
    address,
  }
}

/** A time in UTC, to the minute. */
export function timeOf(date: Date): string {
  return Number.isNaN(date.getTime())
    ? '—'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')}Z`
}

function short(text: string, length: number): string {
  const shown = printable(text)
  return shown.length > length ? `${shown.slice(0, length - 1)}…` : shown
}

/** What to try if a store has records of which none can be read. */
export const unreadable =
  'None of the records is a readable session. If they are encrypted, pass --encrypted and the keys.'
