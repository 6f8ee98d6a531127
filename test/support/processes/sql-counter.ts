/**
 * Increments the number in one SQL record, for tests of concurrent processes. Arguments: database, address, id,
 * times.
 */

import Database from 'libsql'
import mariadb from 'mariadb'
import pg from 'pg'
import type { Backend, Preparable } from 'silverback'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { sqlite } from 'silverback/sqlite'

/** Increments the number `times` times. Retries when another process updated the record first. */
async function increment(backend: Backend, id: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const record = await backend.load(id)
    if (!record) throw new Error('the record is missing')
    const data = Buffer.from(String(Number(Buffer.from(record.data).toString()) + 1))
    const { status } = await backend.update(id, { ...record, data }, record.version)
    if (status === 'updated') done++
  }
}

function open(database: string, address: string): [Backend & Preparable, () => unknown] {
  if (database === 'postgres') {
    const pool = new pg.Pool({ connectionString: address })
    return [postgres(pool), () => pool.end()]
  }
  if (database === 'mysql') {
    const pool = mariadb.createPool(address)
    return [mysql(pool), () => pool.end()]
  }
  const db = new Database(address)
  return [sqlite(db, { busyTimeout: 60_000 }), () => db.close()]
}

const [database, address, id, times] = process.argv.slice(2) as [string, string, string, string]
const [backend, close] = open(database, address)
await backend.ensureSchema()
await backend.create(id, { data: Buffer.from('0'), expires: 9e9 })
await increment(backend, id, Number(times))
await close()
