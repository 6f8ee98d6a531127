/**
 * Changes a record of a folder and kills itself before its Nth file system call. Exits normally if it makes fewer
 * calls.
 */

import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import type { NewRecord } from '../../../src/backends/backend.ts'

const [folder, change, version, calls] = process.argv.slice(2) as [string, string, string, string]

type Call = (...args: unknown[]) => unknown
let left = Number(calls)

function countCalls(target: object, names: readonly string[]): void {
  const functions = target as Record<string, Call>
  for (const name of names) {
    const call = functions[name] as Call
    functions[name] = async function (this: fs.FileHandle, ...args: unknown[]) {
      if (--left === 0) {
        if (name === 'writeFile') await this.write('cut o')
        process.kill(process.pid, 'SIGKILL')
      }
      return call.apply(this, args)
    }
  }
}

const { filesystem } = await import('silverback/filesystem')
const handle = await fs.open(folder)
countCalls(Object.getPrototypeOf(handle), ['writeFile', 'sync', 'close', 'readFile', 'stat'])
countCalls(fs, ['open', 'rename', 'rm', 'mkdir', 'symlink', 'lstat', 'readlink'])
syncBuiltinESMExports()

const backend = filesystem(folder)
const record: NewRecord = { data: Buffer.alloc(5000, 'n'), expires: 4e9, owner: 'bob' }
if (change === 'create') await backend.create('id', record)
if (change === 'update') await backend.update('id', record, version)
if (change === 'delete') await backend.delete('id')
