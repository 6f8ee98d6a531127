// In a file of its own, because deriving the key takes seconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secureSession } from 'silverback/migrate'
import { Browser, serve } from './app.ts'
import { oldApp } from './fastify-app.ts'
import { found, login } from './move.ts'

const secret = 'a secret that has 32 bytes or more'

test('reads cookies of @fastify/secure-session with a secret and a custom salt', async () => {
  const url = await serve(await oldApp({ secret, salt: 'sixteen bytes !!' }))
  const browser = new Browser()
  await browser.visit(`${url}/login`)
  const salt = Buffer.from('sixteen bytes !!')
  const reader = secureSession({ secret: Buffer.from(secret), salt })
  assert.deepEqual(await found(reader, browser.cookies()), login)
})
