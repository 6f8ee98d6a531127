/**
 * Opens a store by its URL.
 *
 * @module
 */

import { newId } from '../../backends/ids.ts'
import { abortable } from '../../backends/lib/abortable.ts'
import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import type { Connect, Connection, ConnectOptions } from './connection.ts'
import type { StoreKind, StoreUrl } from './url.ts'

/** How long the first operation may take, in milliseconds: longer than a connection, which reports more. */
const openTimeoutMs = 6000

/** How long to wait for a connection to close, in milliseconds. */
const closeTimeoutMs = 1000

const connectors: Record<StoreKind, () => Promise<Connect>> = {
  redis: async () => (await import('./redis.ts')).connectRedis,
  postgres: async () => (await import('./postgres.ts')).connectPostgres,
  mysql: async () => (await import('./mysql.ts')).connectMysql,
  mongodb: async () => (await import('./mongodb.ts')).connectMongodb,
  sqlite: async () => (await import('./sqlite.ts')).connectSqlite,
  file: async () => (await import('./files.ts')).connectFiles,
  memcached: async () => (await import('./memcached.ts')).connectMemcached,
  dynamodb: async () => (await import('./dynamodb.ts')).connectDynamodb,
}

/** How to use a store. */
export interface UseOptions extends ConnectOptions {
  readonly signal: AbortSignal
  /**
   * Called once the store is connected and before `use`, to check that it works. Default: reads a record that does
   * not exist, which finds missing tables too.
   */
  readonly check?: (connection: Connection) => Promise<unknown>
  /** Whether errors of `use` pass through, because another store may have caused them. */
  readonly passErrors?: boolean
}

/** An error that passes through. */
class Passed {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** A failure whose message names the store. */
class StoreFailure extends FailedError {}

/**
 * Connects to a store, calls `use` and closes the connection.
 *
 * Rejects with a FailedError of one line, without a password, when the store cannot be reached or an operation
 * fails. Other errors of commands pass through.
 */
export async function withConnection<T>(
  url: StoreUrl,
  options: UseOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { signal, check = ({ backend }) => backend.load(newId()) } = options
  let connection: Connection | undefined
  try {
    const connect = await connectors[url.kind]()
    connection = await connect(url, options)
    await withinLimit(opened(connection, check), signal)
    return await use(connection).catch(error => {
      throw options.passErrors ? new Passed(error) : error
    })
  } catch (error) {
    throw error instanceof Passed ? error.error : failureOf(url, error)
  } finally {
    await closed(connection)
  }
}

async function opened(
  connection: Connection,
  check: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  await connection.open?.()
  await check(connection)
}

async function withinLimit(operation: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(openTimeoutMs)
  try {
    await abortable(AbortSignal.any([signal, limit]), () => operation)
  } catch (error) {
    throw limit.aborted ? new Error(`no reply within ${openTimeoutMs / 1000} seconds`) : error
  }
}

/** Never rejects, and does not wait for a server that does not reply. */
async function closed(connection: Connection | undefined): Promise<void> {
  if (!connection) return
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>(resolve => {
    timer = setTimeout(resolve, closeTimeoutMs)
  })
  await Promise.race([connection.close().catch(() => undefined), tooLong])
  clearTimeout(timer)
}

/** The error to report. One of ours, or of the store that this one already wraps, stays as it is. */
export function failureOf(url: StoreUrl, error: unknown): Error {
  if (error instanceof UsageError || error instanceof StoreFailure) return error
  if (error instanceof FailedError && error.message.startsWith(url.label)) return error
  const message = printable(url.withoutSecrets(reasonOf(error)))
  return new StoreFailure(`${url.label}: ${message}`, { cause: error })
}

/** The message of the innermost error, which is that of the driver or the system. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const { cause, message } = error
  const isWrapper = error.name === 'SessionError' || message === ''
  if (cause instanceof Error && isWrapper) return reasonOf(cause)
  const { code } = error as { code?: unknown }
  const [line] = (message || String(code ?? error.name)).split('\n')
  return (line as string).trim()
}
