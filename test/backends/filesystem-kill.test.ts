/** Kills a process before each of its file system calls during a change. */

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { filesystem } from 'silverback/filesystem'

const script = fileURLToPath(new URL('../support/processes/killed-writer.ts', import.meta.url))
const expires = 4e9
const before = { data: Buffer.alloc(3000, 'o'), expires, owner: 'ann' }

/** The allowed states afterwards: the character that the data consists of, or undefined for no record. */
const outcomes = { create: [undefined, 'n'], update: ['o', 'n'], delete: ['o', undefined] }

type Change = keyof typeof outcomes

suite('filesystem: a process killed before any of its calls', { concurrency: 2 }, () => {
  for (const change of Object.keys(outcomes) as Change[]) {
    test(`${change} is applied completely or not at all, keeps the owner index, and leaves no lock that blocks`, async () => {
      let calls = 1
      const seen = new Set<string | undefined>()
      while (await killedBefore(calls, change, seen)) calls++
      assert.ok(calls > 8, `${calls} calls`)
      assert.deepEqual(seen, new Set(outcomes[change]))
    })
  }
})

/** Returns whether the process was killed before it finished. */
async function killedBefore(
  call: number,
  change: Change,
  seen: Set<string | undefined>,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'silverback-killed-'))
  const backend = filesystem(folder, { lockTimeout: 1000 })
  await backend.load('id')
  const created = change === 'create' ? undefined : await backend.create('id', before)
  const version = created?.status === 'created' ? String(created.version) : ''
  const child = fork(script, [folder, change, version, String(call)])
  const signal = await new Promise(resolve => child.on('exit', (_, signal) => resolve(signal)))

  const record = await backend.load('id')
  const text = record && Buffer.from(record.data).toString()
  const kind = text?.[0]
  assert.ok((outcomes[change] as unknown[]).includes(kind), `${kind} before call ${call}`)
  if (kind === 'o') assert.equal(text, 'o'.repeat(3000))
  if (kind === 'n') assert.equal(text, 'n'.repeat(5000))
  seen.add(kind)

  assert.deepEqual(await backend.ofOwner('ann'), kind === 'o' ? ['id'] : [])
  assert.deepEqual(await backend.ofOwner('bob'), kind === 'n' ? ['id'] : [])
  if (record) {
    const { status } = await backend.update('id', { data: before.data, expires }, record.version)
    assert.equal(status, 'updated')
  } else assert.equal((await backend.create('id', before)).status, 'created')
  const files = await readdir(join(folder, 'records'), { recursive: true })
  assert.deepEqual(
    files.filter(file => file.includes('.lock')),
    [],
  )
  await rm(folder, { recursive: true })
  return signal === 'SIGKILL'
}
