import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretbox } from '@noble/ciphers/salsa.js'
import { inspectCookies } from '../../../src/cli/cookies/inspect.ts'

test('@fastify/secure-session with a secret and a salt', async () => {
  const [secret, salt] = ['a secret that has 32 bytes or more', 'sixteen bytes !!']
  // Argon2id of both, which takes seconds.
  const key = Buffer.from('7c8b202bafd1a4c43035f2dcaf381f68af20fbb8c6d8b30b0203c0db068bb1a1', 'hex')
  const nonce = new Uint8Array(24).fill(7)
  const json = JSON.stringify({ user: 'ann', __ts: Math.round(Date.now() / 1000) })
  const box = secretbox(key, nonce).seal(new TextEncoder().encode(json))
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const value = encodeURIComponent(`${base64(box)};${base64(nonce)}`)
  const keys = [{ label: 'secret', secret }]
  const now = Date.now() / 1000
  const [without] = await inspectCookies([{ name: 'session', value }], { keys, now })
  assert.ok(without?.check?.status === 'refused')
  assert.match(without.check.reason, /add --salt/)
  const [found] = await inspectCookies([{ name: 'session', value }], { keys, salt, now })
  assert.ok(found?.check?.status === 'verified')
  assert.deepEqual(found.check.content?.value, { user: 'ann' })
})
