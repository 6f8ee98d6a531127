import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { goKeyPairs } from '../../../src/cli/lib/keys.ts'
import { CookieStore } from '../../../src/index.ts'
import { runCli } from '../support/run-cli.ts'

async function keygen(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['keygen', ...args])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.trimEnd()
}

test('prints keys that a store accepts, different each time', async () => {
  const keys = [await keygen(), await keygen(), await keygen('--format', 'hex')]
  assert.equal(new Set(keys).size, 3)
  assert.ok(new CookieStore({ keys }))
  assert.match(keys[2] as string, /^[\da-f]{64}$/)
})

test('prints a line for a .env file', async () => {
  const { SESSION_KEY } = parseEnv(await keygen('--format=env'))
  assert.ok(new CookieStore({ keys: [SESSION_KEY as string] }))
})

test('prints a pair for Go with keys of 64 and 32 bytes', async () => {
  for (const format of ['hex', 'base64']) {
    const secret = await keygen('--go', '--format', format)
    const [pair] = goKeyPairs({ label: 'pair', secret })
    assert.deepEqual([pair?.hashKey.length, pair?.blockKey?.length], [64, 32])
  }
})

test('the variables of a pair for Go have that many characters', async () => {
  const { HASH_KEY, BLOCK_KEY } = parseEnv(await keygen('--go', '--format', 'env'))
  assert.deepEqual([HASH_KEY?.length, BLOCK_KEY?.length], [64, 32])
})

test('prints JSON', async () => {
  assert.deepEqual(Object.keys(JSON.parse(await keygen('--go', '--json'))), ['hashKey', 'blockKey'])
})
