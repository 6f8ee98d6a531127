import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { goKeyPairs, loadKeys, requireKeys, storeKeys } from '../../../src/cli/lib/keys.ts'

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7)).toString('base64')
const folder = () => mkdtemp(join(tmpdir(), 'silverback-keys-'))
const secretsOf = async (...args: Parameters<typeof loadKeys>) =>
  (await loadKeys(...args)).map(({ secret }) => secret)

test('SESSION_KEYS comes before SESSION_KEY, and the environment before .env', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, '.env'), 'SESSION_KEYS="a, b"\nSESSION_KEY=c\n')
  assert.deepEqual(await loadKeys({}, { env: {}, cwd }), [
    { label: 'SESSION_KEYS[0]', secret: 'a' },
    { label: 'SESSION_KEYS[1]', secret: 'b' },
  ])
  assert.deepEqual(await secretsOf({}, { env: { SESSION_KEYS: 'd' }, cwd }), ['d'])
  assert.deepEqual(await secretsOf({}, { env: { SESSION_KEY: 'd' }, cwd: await folder() }), ['d'])
  assert.deepEqual(await secretsOf({ 'keys-env': 'SESSION_KEY' }, { env: {}, cwd }), ['c'])
})

test('a key file has one key in each line, with comments', async () => {
  const cwd = await folder()
  await writeFile(
    join(cwd, 'keys'),
    '# keys\nnewest # 2026-11-01T00:00:00Z\r\n\nkeyboard #cat\na#b\n',
  )
  assert.deepEqual(await loadKeys({ 'keys-file': 'keys' }, { env: {}, cwd }), [
    { label: 'keys:2', secret: 'newest' },
    { label: 'keys:4', secret: 'keyboard' },
    { label: 'keys:5', secret: 'a#b' },
  ])
})

test('a file of 32 random bytes is one key', async () => {
  const cwd = await folder()
  const bytes = Buffer.from(key, 'base64')
  await writeFile(join(cwd, 'secret-key'), bytes)
  const [loaded] = await loadKeys({ 'keys-file': 'secret-key' }, { env: {}, cwd })
  assert.deepEqual(loaded?.secret, new Uint8Array(bytes))
})

test('missing keys are errors that name the option', async () => {
  const context = { env: {}, cwd: await folder() }
  await writeFile(join(context.cwd, 'empty'), '# nothing\n')
  assert.deepEqual(await loadKeys({}, context), [])
  await assert.rejects(requireKeys({}, context), /There are no keys\. Set SESSION_KEY/)
  await assert.rejects(loadKeys({ 'keys-env': 'NOPE' }, context), /--keys-env: NOPE is not set/)
  await assert.rejects(loadKeys({ 'keys-file': 'nope' }, context), /--keys-file: there is no file/)
  await assert.rejects(loadKeys({ 'keys-file': 'empty' }, context), /empty has no keys/)
  await assert.rejects(loadKeys({ 'keys-file': 'a', 'keys-env': 'b' }, context), /not both/)
})

test('keys of stores are checked, and the error does not quote them', () => {
  assert.deepEqual(storeKeys([{ label: 'SESSION_KEY', secret: key }]), [key])
  assert.throws(
    () => storeKeys([{ label: 'SESSION_KEY', secret: 'short-one' }]),
    error => /SESSION_KEY has \d bytes/.test(String(error)) && !/short-one/.test(String(error)),
  )
})

test("a pair for Go is read as hex, base64 and text, with AES's key lengths only", () => {
  const [hash, block] = ['ab'.repeat(32), 'cd'.repeat(32)]
  const pairs = goKeyPairs({ label: 'key', secret: `${hash}:${block}` })
  assert.deepEqual(pairs[0], {
    hashKey: new Uint8Array(Buffer.from(hash, 'hex')),
    blockKey: new Uint8Array(Buffer.from(block, 'hex')),
  })
  for (const { blockKey } of pairs) {
    assert.ok(blockKey === undefined || [16, 24, 32].includes(blockKey.length))
  }
  const texts = goKeyPairs({
    label: 'H:B',
    secret: 'hash: key',
    block: 'a block key of 32 characters, ok',
  })
  assert.deepEqual(
    texts,
    [
      {
        hashKey: Buffer.from('hash: key'),
        blockKey: Buffer.from('a block key of 32 characters, ok'),
      },
    ].map(pair => ({
      hashKey: new Uint8Array(pair.hashKey),
      blockKey: new Uint8Array(pair.blockKey),
    })),
  )
})

test('a long line of spaces takes linear time', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'keys'), `${' #'.repeat(1)}${' '.repeat(1e6)}x\n${' '.repeat(1e6)}y`)
  const start = performance.now()
  assert.deepEqual(await secretsOf({ 'keys-file': 'keys' }, { env: {}, cwd }), ['y'])
  // Quadratic time would be many minutes.
  assert.ok(performance.now() - start < 30_000)
})
