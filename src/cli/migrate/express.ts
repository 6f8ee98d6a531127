/**
 * Copies sessions from the stores of express-session.
 *
 * A copy is a record as `toExpressStore` and `silverback/express-session` write it, under the hash of the session id.
 * So the cookie `connect.sid` stays valid.
 *
 * @module
 */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ExpressSession,
  expiryOf,
  recordKey,
  recordOf,
} from '../../backends/lib/express-records.ts'
import { executeMySql, rowsOf } from '../../backends/lib/mysql-clients.ts'
import { queryPostgres } from '../../backends/lib/postgres-clients.ts'
import { escapeGlob, sender } from '../../backends/lib/redis-clients.ts'
import { tableNames } from '../../backends/lib/sql.ts'
import { unixSeconds } from '../../lib/clock.ts'
import { hasCode } from '../../runtime/files.ts'
import type { Connection } from '../backends/connection.ts'
import type { StoreUrl } from '../backends/url.ts'
import { countsOf, type Migration, type Outcome, pageSize, put } from './migration.ts'

/** A session as its store has it. */
interface Entry {
  readonly id: string
  /** The session, or its JSON. */
  readonly session: unknown
  /** When the store removes it: Unix time in seconds. */
  readonly expires: number | undefined
}

/** Reads the sessions of a store. */
interface Layout {
  count?(): Promise<number>
  page(cursor: string | undefined): Promise<{ entries: readonly Entry[]; next: string | undefined }>
}

/** How to read a store. */
interface Source {
  readonly connection: Connection
  readonly url: StoreUrl
}

/**
 * Copies the sessions of a store.
 *
 * @param ttl - seconds until a session expires that says nothing itself
 */
function copyOf(layout: Layout, ttl: number): Migration {
  return {
    ...(layout.count && { count: layout.count }),
    async copyPage(target, cursor) {
      const { entries, next } = await layout.page(cursor)
      const now = unixSeconds()
      const outcomes = await Promise.all(
        entries.map(async ({ id, session, expires }): Promise<Outcome | undefined> => {
          const found = parsed(session)
          if (!found) return 'skipped'
          const at = expiryOf(found, Math.ceil) ?? Math.ceil(expires ?? now + ttl)
          if (at <= now) return undefined
          const isNewer = (_: unknown, current: { expires: number }) => at > current.expires
          return put(target, recordKey(id), recordOf(found, at), isNewer)
        }),
      )
      return { ...countsOf(outcomes.filter(outcome => outcome !== undefined)), next }
    },
  }
}

/** The session without what its store adds; undefined for anything else, such as encrypted sessions. */
function parsed(value: unknown): ExpressSession | undefined {
  const session = typeof value === 'string' ? parsedJson(value) : value
  if (typeof session !== 'object' || session === null || !('cookie' in session)) return undefined
  // session-file-store's own.
  const { __lastAccess: _, ...rest } = session as Record<string, unknown>
  return rest as ExpressSession
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** connect-redis: JSON under `sess:ID`, with the expiry of the key. */
export function connectRedis({ connection, url }: Source, ttl: number): Migration {
  const prefix = url.split(['prefix']).found.prefix ?? 'sess:'
  const send = sender(connection.client, 'single')
  const ask = (...args: string[]) => send('', args)
  return copyOf(
    {
      async page(cursor = '0') {
        const match = `${escapeGlob(prefix)}*`
        const scanned = await ask('SCAN', cursor, 'MATCH', match, 'COUNT', String(pageSize))
        const [at, found] = scanned as [unknown, Buffer[]]
        const entries = await Promise.all(
          found.map(async (bytes): Promise<Entry | undefined> => {
            const key = bytes.toString()
            const [session, left] = await Promise.all([ask('GET', key), ask('PTTL', key)])
            const milliseconds = Number(left)
            if (session === null || milliseconds === -2) return undefined
            const expires = milliseconds < 0 ? undefined : unixSeconds() + milliseconds / 1000
            return { id: key.slice(prefix.length), session: String(session), expires }
          }),
        )
        const next = String(at)
        const existing = entries.filter(entry => entry !== undefined)
        return { entries: existing, next: next === '0' ? undefined : next }
      },
    },
    ttl,
  )
}

/** connect-pg-simple: the table `session`. */
export function connectPgSimple({ connection, url }: Source, ttl: number): Migration {
  const { table } = tableNames('"', url.split(['table']).found.table ?? 'session')
  const query = (text: string, params: unknown[] = []) =>
    queryPostgres(connection.client, text, params) as Promise<Record<string, unknown>[]>
  return copyOf(
    {
      async count() {
        const [row] = await query(`SELECT count(*) AS count FROM ${table}`)
        return Number(row?.count)
      },
      async page(after = '') {
        // The column has no time zone: it is in that of the connection, which is the default of the server.
        const rows = await query(
          `SELECT sid, sess::text AS session, extract(epoch FROM expire::timestamptz)::float8 AS expires
  FROM ${table} WHERE sid > $1 ORDER BY sid LIMIT ${pageSize}`,
          [after],
        )
        return pageOfRows(rows)
      },
    },
    ttl,
  )
}

/** express-mysql-session: the table `sessions`. */
export function expressMysqlSession({ connection, url }: Source, ttl: number): Migration {
  const { table } = tableNames('`', url.split(['table']).found.table ?? 'sessions')
  const query = async (text: string, params: unknown[] = []) =>
    rowsOf(await executeMySql(connection.client, text, params)) as Record<string, unknown>[]
  return copyOf(
    {
      async count() {
        const [row] = await query(`SELECT count(*) AS count FROM ${table}`)
        return Number(row?.count)
      },
      async page(after = '') {
        const rows = await query(
          `SELECT session_id AS sid, data AS session, expires
  FROM ${table} WHERE session_id > ? ORDER BY session_id LIMIT ${pageSize}`,
          [after],
        )
        return pageOfRows(rows)
      },
    },
    ttl,
  )
}

function pageOfRows(rows: readonly Record<string, unknown>[]): Awaited<ReturnType<Layout['page']>> {
  const entries = rows.map(({ sid, session, expires }) => ({
    id: String(sid),
    session: session instanceof Uint8Array ? Buffer.from(session).toString() : session,
    expires: expires === null ? undefined : Number(expires),
  }))
  return { entries, next: rows.length < pageSize ? undefined : entries.at(-1)?.id }
}

/** connect-mongo: documents with the session, as JSON or as an object. */
export function connectMongo({ connection }: Source, ttl: number): Migration {
  const { collection } = connection.client
  return copyOf(
    {
      count: async () => Number(await collection.countDocuments({})),
      async page(after) {
        const filter = after === undefined ? {} : { _id: { $gt: after } }
        const found = await collection
          .find(filter, { sort: { _id: 1 }, limit: pageSize, readPreference: 'primary' })
          .toArray()
        const entries = found.map(
          ({ _id, session, expires }: { _id: unknown; session: unknown; expires?: unknown }) => ({
            id: String(_id),
            session,
            expires: expires instanceof Date ? expires.getTime() / 1000 : undefined,
          }),
        )
        return { entries, next: found.length < pageSize ? undefined : entries.at(-1)?.id }
      },
    },
    ttl,
  )
}

/** session-file-store: a file `ID.json` for each session. */
export function sessionFileStore({ connection }: Source, ttl: number): Migration {
  const folder: string = connection.client
  let names: Promise<string[]> | undefined
  const list = () => {
    names ??= readdir(folder).then(all => all.filter(name => name.endsWith('.json')).sort())
    return names
  }
  return copyOf(
    {
      count: async () => (await list()).length,
      async page(after = '') {
        const files = (await list()).filter(name => name > after).slice(0, pageSize)
        const entries = await Promise.all(
          files.map(async name => {
            const text = await readText(join(folder, name))
            return {
              id: name.slice(0, -'.json'.length),
              session: text,
              expires: lastAccess(text, ttl),
            }
          }),
        )
        const existing = entries.filter(({ session }) => session !== undefined)
        return { entries: existing, next: files.length < pageSize ? undefined : files.at(-1) }
      },
    },
    ttl,
  )
}

function lastAccess(text: string | undefined, ttl: number): number | undefined {
  const { __lastAccess: time } = Object(text && parsedJson(text)) as { __lastAccess?: unknown }
  return typeof time === 'number' ? time / 1000 + ttl : undefined
}

/** undefined if the session has ended meanwhile. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
