/** Acquires a lock, prints `held`, and holds the lock until it is killed. */

import { setTimeout } from 'node:timers/promises'
import { withLock } from '../../../src/runtime/file-lock.ts'

const [path] = process.argv.slice(2) as [string]
await withLock(
  path,
  async () => {
    console.log('held')
    await setTimeout(60_000)
  },
  { deadline: Date.now() + 5000 },
)
