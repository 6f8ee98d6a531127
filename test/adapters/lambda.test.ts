/** Lambda adapters. In a file of its own because light-my-request changes the prototypes of Node's requests. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import express from 'express'
import { sessions } from 'silverback/express'
import { backendThat, cookieStore, serverStore, sleep } from '../../src/testing/adapters/stores.ts'

const serverless = createRequire(import.meta.url)('serverless-http') as (
  app: unknown,
) => (event: object, context: object) => Promise<Record<string, unknown>>

const stores = {
  CookieStore: () => cookieStore(),
  'slow ServerStore': () => serverStore(backendThat(() => sleep(5))),
}
type Visits = { session: { increment(key: string): unknown } }

for (const [name, store] of Object.entries(stores)) {
  test(`serverless-http with Express and a ${name}`, { timeout: 60_000 }, async () => {
    const app = express().use(sessions({ store: store(), name: 'sid' }))
    app.get('/', (request, response) => {
      ;(request as unknown as Visits).session.increment('n')
      response.json({ hello: 'world' })
    })
    const handler = serverless(app)
    const page = await handler(
      {
        version: '2.0',
        rawPath: '/',
        rawQueryString: '',
        headers: {},
        requestContext: { http: { method: 'GET', path: '/', sourceIp: '127.0.0.1' } },
      },
      {},
    )
    assert.deepEqual([page.statusCode, page.body], [200, '{"hello":"world"}'])
    assert.match(String(page.cookies), /^sid=/)
  })
}
