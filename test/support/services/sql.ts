/** A test that the SQL backends share. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Backend } from 'silverback'

/**
 * Lets three processes create the schema and increment the number in one record, all at the same time. Asserts that
 * no increment is lost.
 */
export async function countConcurrently(
  database: string,
  address: string,
  backend: Backend,
): Promise<void> {
  const program = fileURLToPath(new URL('../processes/sql-counter.ts', import.meta.url))
  const codes = await Promise.all(
    [1, 2, 3].map(async () => {
      const args = [program, database, address, 'counter', '100']
      const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close')
      return code as number
    }),
  )
  assert.deepEqual(codes, [0, 0, 0])
  const record = await backend.load('counter')
  assert.equal(Buffer.from(record?.data ?? []).toString(), '300')
}
