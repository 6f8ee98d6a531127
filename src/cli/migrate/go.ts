/**
 * Copies sessions of Go programs, for `goSession` with `copies`.
 *
 * The records stay sealed, so no key is needed: the keys of the stores here are random.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { copyGoSessions } from '../../migrate/go.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import type { Connection } from '../backends/connection.ts'
import type { StoreKind, StoreUrl } from '../backends/url.ts'
import { type Migration, noCounts } from './migration.ts'

/** Copies the sessions of a store for a Go program. */
export function copyOfGoStore(store: SessionStore): Migration {
  return {
    async copyPage(target, cursor) {
      const pages = copyGoSessions(store, target, cursor === undefined ? {} : { cursor })
      const { value } = await pages.next()
      await pages.return(undefined)
      if (!value) return { ...noCounts, next: undefined }
      const { read, copied, cursor: next } = value
      return { ...noCounts, read, created: copied, same: read - copied, next }
    },
  }
}

/** What a store for a Go program is made of. */
interface GoSource {
  readonly connection: Connection
  readonly url: StoreUrl
  /** The Max-Age of the Go program in seconds, for records without an expiry. */
  readonly maxAge: number
}

/** Opens the store of a Go module. */
type OpenGoStore = (source: GoSource) => Promise<SessionStore>

const keyPairs = [randomBytes(32)]

function optionsOf({ url, maxAge }: GoSource) {
  const { table, prefix } = url.split(['table', 'prefix']).found
  return {
    keyPairs,
    options: { maxAge },
    ...(table !== undefined && { table }),
    ...(prefix !== undefined && { prefix }),
  }
}

/** The table that Go programs name themselves. */
function namedTable(source: GoSource) {
  return { table: 'sessions', ...optionsOf(source) }
}

/** The stores of Go modules by the kind of database. */
export const goStores: Record<string, Partial<Record<StoreKind, OpenGoStore>>> = {
  redistore: {
    redis: async source =>
      (await import('../../go/stores/redistore.ts')).redistore(
        source.connection.client,
        optionsOf(source),
      ),
  },
  'rbcervilla-redisstore': {
    redis: async source => {
      const { keyPairs: _, ...options } = optionsOf(source)
      const { rbcervillaRedisstore } = await import('../../go/stores/rbcervilla-redisstore.ts')
      return rbcervillaRedisstore(source.connection.client, options)
    },
  },
  pgstore: {
    postgres: async source =>
      (await import('../../go/stores/pgstore.ts')).pgstore(
        source.connection.client,
        optionsOf(source),
      ),
  },
  mysqlstore: {
    mysql: async source =>
      (await import('../../go/stores/mysqlstore.ts')).mysqlstore(
        source.connection.client,
        namedTable(source),
      ),
  },
  'gorilla-sessions-mysql': {
    mysql: async source =>
      (await import('../../go/stores/mysqlstore.ts')).gorillaSessionsMysql(
        source.connection.client,
        namedTable(source),
      ),
  },
  sqlitestore: {
    sqlite: async source =>
      (await import('../../go/stores/sqlitestore.ts')).sqlitestore(
        source.connection.client,
        namedTable(source),
      ),
  },
  gormstore: {
    postgres: async source =>
      (await import('../../go/stores/gormstore.ts')).gormstorePostgres(
        source.connection.client,
        optionsOf(source),
      ),
    mysql: async source =>
      (await import('../../go/stores/gormstore.ts')).gormstoreMysql(
        source.connection.client,
        optionsOf(source),
      ),
    sqlite: async source =>
      (await import('../../go/stores/gormstore.ts')).gormstoreSqlite(
        source.connection.client,
        optionsOf(source),
      ),
  },
  xormstore: {
    postgres: async source =>
      (await import('../../go/stores/xormstore.ts')).xormstorePostgres(
        source.connection.client,
        optionsOf(source),
      ),
    mysql: async source =>
      (await import('../../go/stores/xormstore.ts')).xormstoreMysql(
        source.connection.client,
        optionsOf(source),
      ),
    sqlite: async source =>
      (await import('../../go/stores/xormstore.ts')).xormstoreSqlite(
        source.connection.client,
        optionsOf(source),
      ),
  },
  mongostore: {
    mongodb: async source =>
      (await import('../../go/stores/mongostore.ts')).mongostore(
        source.connection.client.collection,
        optionsOf(source),
      ),
  },
  'kidstuff-mongostore': {
    mongodb: async source => {
      const { collection, ObjectId } = source.connection.client
      const { mongostore } = await import('../../go/stores/mongostore.ts')
      return mongostore(collection, { ...optionsOf(source), ObjectId })
    },
  },
  dynastore: {
    dynamodb: async source => {
      const { client, commands, table } = source.connection.client
      const { keyPairs: _, ...options } = optionsOf(source)
      const { dynastore } = await import('../../go/stores/dynastore.ts')
      return dynastore(client, commands, { ...options, table })
    },
  },
  'gorilla-filesystem': {
    file: async source =>
      (await import('../../go/gorilla.ts')).filesystemStore(
        source.connection.client,
        ...keyPairs,
      ) as unknown as SessionStore,
  },
}
