// In a file of its own, because deriving the key takes seconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secureSession } from 'silverback/migrate'
import { Browser, serve } from './app.ts'
import { oldApp } from './fastify-app.ts'
import { found, login } from './move.ts'

const secret = 'a secret that has 32 bytes or more'

test('reads cookies of @fastify/secure-session with a secret and the default salt', async () => {
  const url = await serve(await oldApp({ secret }))
  const browser = new Browser()
  await browser.visit(`${url}/login`)
  const reader = secureSession({ secret })
  const sent = browser.cookies()
  assert.equal(await found(reader, { session: 'garbage' }), undefined)
  const start = process.cpuUsage()
  const results = await Promise.all([1, 2, 3].map(() => found(reader, sent)))
  assert.deepEqual(results, [login, login, login])
  const first = process.cpuUsage(start)
  // The key is derived once.
  const again = process.cpuUsage()
  assert.deepEqual(await found(reader, sent), login)
  assert.ok(process.cpuUsage(again).user < first.user / 10)
})
