/**
 * The formats that sessions are copied from.
 *
 * @module
 */

import { nearest } from '../../lib/assert-options.ts'
import type { Connection } from '../backends/connection.ts'
import type { StoreKind, StoreUrl } from '../backends/url.ts'
import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import {
  connectMongo,
  connectPgSimple,
  connectRedis,
  expressMysqlSession,
  sessionFileStore,
} from './express.ts'
import { copyOfGoStore, goStores } from './go.ts'
import type { Migration } from './migration.ts'
import { copyOfBackend, moveOfBackend } from './silverback.ts'
import type { Slots } from './targets.ts'

/** The stores of express-session, with the databases that they are for. */
const expressStores = {
  'connect-redis': { kind: 'redis', copy: connectRedis },
  'connect-pg-simple': { kind: 'postgres', copy: connectPgSimple },
  'connect-mongo': { kind: 'mongodb', copy: connectMongo },
  'express-mysql-session': { kind: 'mysql', copy: expressMysqlSession },
  'session-file-store': { kind: 'file', copy: sessionFileStore },
} as const satisfies Record<string, { kind: StoreKind; copy: unknown }>

/** The names of all formats. */
export const formats: readonly string[] = [
  'silverback',
  ...Object.keys(expressStores),
  ...Object.keys(goStores),
]

/** How to read the source of a migration. */
export interface SourceOptions {
  readonly format: string
  readonly url: StoreUrl
  /** Seconds until a session expires that says nothing itself. */
  readonly maxAge: number
  readonly slots: Slots
  readonly move: boolean
}

/** Throws a UsageError if a database of this kind has no sessions in this format. */
export function assertFormat({ format, url, move }: SourceOptions): void {
  if (!formats.includes(format)) {
    const hint = nearest(format, formats)
    const inParentheses = hint === undefined ? '' : ` (${hint})`
    throw new UsageError(
      `--from-format: there is no format ${printable(format)}${inParentheses}. The formats are ${formats.join(', ')}.`,
    )
  }
  const kinds = kindsOf(format)
  if (kinds && !kinds.includes(url.kind)) {
    throw new UsageError(`--from-format: ${format} is for ${kinds.join(', ')}, not ${url.kind}.`)
  }
  if (move && format !== 'silverback') {
    throw new UsageError('--move needs a store of Silverback on both sides; others are copied.')
  }
}

function kindsOf(format: string): string[] | undefined {
  if (format === 'silverback') return undefined
  if (isExpress(format)) return [expressStores[format].kind]
  return Object.keys(goStores[format] ?? {})
}

/** Returns the migration from an open store. Rejects with a FailedError if its sessions cannot be listed. */
export async function migrationFrom(
  connection: Connection,
  { format, url, maxAge, slots, move }: SourceOptions,
): Promise<Migration> {
  if (isExpress(format)) return expressStores[format].copy({ connection, url }, maxAge)
  const open = goStores[format]?.[url.kind]
  if (open) return copyOfGoStore(await open({ connection, url, maxAge }))
  const { backend } = connection
  if (!backend.page) {
    throw new FailedError(
      `${url.label}: its sessions cannot be listed. They move when they are read: use migrating() in the app.`,
    )
  }
  return move ? moveOfBackend(backend, slots) : copyOfBackend(backend, slots)
}

function isExpress(format: string): format is keyof typeof expressStores {
  return Object.hasOwn(expressStores, format)
}
