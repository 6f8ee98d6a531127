/** Databases for the tests of the command line, each with the URL of an empty store and the drivers it can have. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startDynamoDB } from '../../support/services/dynamodb-server.ts'
import { startFerretdb } from '../../support/services/ferretdb-server.ts'
import { startMariadb } from '../../support/services/mariadb-server.ts'
import { startPostgres } from '../../support/services/postgres-server.ts'
import { startRedis } from '../../support/services/redis-server.ts'

/** A database that is running. */
export interface Database {
  /** The URL of a store that is empty when the database starts. */
  readonly url: string
  readonly env?: Record<string, string>
  stop(): Promise<void>
}

/** Without warnings of Node about its SQLite, and of AWS's client about the version of Node. */
export const quiet = { NODE_NO_WARNINGS: '1' }

/** What AWS's client needs besides the URL. */
export const awsEnv = {
  ...quiet,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
}

export const local: Record<string, () => Promise<Database>> = {
  sqlite: async () => {
    const folder = temporaryFolder()
    return { url: `sqlite:${folder}/sessions.db`, env: quiet, stop: async () => remove(folder) }
  },
  file: async () => {
    const folder = temporaryFolder()
    return { url: `file:${folder}/sessions`, stop: async () => remove(folder) }
  },
  dynamodb: async () => {
    const server = await startDynamoDB()
    const table = await server.createTable()
    const endpoint = `http://127.0.0.1:${server.port}`
    const url = `dynamodb:${table}?region=local&ownerIndex=owners&endpoint=${endpoint}`
    return { url, env: awsEnv, stop: () => server.stop() }
  },
}

/** Databases that are programs. */
export const servers: Record<
  string,
  { programs: string[]; drivers: string[]; start(): Promise<Database> }
> = {
  redis: {
    programs: ['redis-server', 'redis-cli'],
    drivers: ['ioredis', 'iovalkey', 'redis'],
    start: async () => {
      const { port, stop } = await startRedis()
      return { url: `redis://127.0.0.1:${port}`, stop }
    },
  },
  postgres: { programs: ['postgres', 'initdb'], drivers: ['pg', 'postgres'], start: startPostgres },
  mysql: {
    programs: ['mariadbd', 'mariadb-install-db'],
    drivers: ['mysql2', 'mariadb'],
    start: async () => {
      const { port, stop } = await startMariadb()
      return { url: `mysql://root@127.0.0.1:${port}/test`, stop }
    },
  },
  mongodb: {
    programs: ['go'],
    drivers: ['mongodb'],
    start: async () => {
      const { url, stop } = await startFerretdb()
      return { url: `${url}web`, stop }
    },
  },
}

/** A project that has only this driver installed. */
export function projectWith(driver: string): string {
  const folder = temporaryFolder()
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const repository = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
  symlinkSync(join(repository, driver), join(modules, driver))
  return folder
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'silverback-cli-'))
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
