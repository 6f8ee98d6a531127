/** A save that was not awaited comes after the response: a warning, and the next request is answered. */

import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import { defineSession, ServerStore, save } from 'silverback'
import { sessions } from 'silverback/express'
import { backendThat } from '../../src/testing/adapters/stores.ts'
import { until } from '../support/until.ts'

const login = () =>
  defineSession<{ n?: number }>(new ServerStore(backendThat(() => sleep(5))), 'sid')

async function serve(context: TestContext, listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Codes of the warnings that are emitted until the test ends. */
function warnings(context: TestContext): string[] {
  const codes: string[] = []
  const listen = (warning: Error & { code?: string }): void => void codes.push(warning.code ?? '')
  process.on('warning', listen)
  context.after(() => void process.off('warning', listen))
  return codes
}

suite('a save that was not awaited', () => {
  test('in an adapter: the response has the cookie all the same', async context => {
    const codes = warnings(context)
    const source = login()
    const app = express()
    app.use(sessions(source))
    app.get('/', async (request, response) => {
      const session = await source.get(request)
      session.values.n = 1
      void session.save(request, response)
      response.send('ok')
    })
    const origin = await serve(context, app)
    for (let visit = 0; visit < 2; visit++) {
      const response = await fetch(origin)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('set-cookie') ?? '', /^sid=/)
    }
    await until('a warning', () => codes.length > 0)
    // Time for a second one.
    await sleep(50)
    assert.deepEqual(codes, ['SESSION_SAVED_LATE'])
  })

  test('without an adapter: the process lives on', async context => {
    const source = login()
    const origin = await serve(context, async (request, response) => {
      const session = await source.get(request)
      session.values.n = 1
      void session.save(request, response)
      void save(request, response)
      response.end('ok')
      void save(request, response)
    })
    for (let visit = 0; visit < 2; visit++) assert.equal(await (await fetch(origin)).text(), 'ok')
    await sleep(50)
  })

  test('still rejects for who waits, with the fix', async context => {
    const source = login()
    let failure: unknown
    const origin = await serve(context, async (request, response) => {
      const session = await source.get(request)
      session.values.n = 1
      const saving = session.save(request, response)
      response.end('ok')
      failure = await saving.catch((error: unknown) => error)
    })
    await (await fetch(origin)).text()
    await until('the save rejects', () => failure !== undefined)
    assert.equal((failure as { code: string }).code, 'headers-sent')
    assert.match((failure as Error).message, /await the save before you respond/)
  })
})

test('two saves of one session at once are one after the other', async () => {
  const source = login()
  const request = { headers: {} }
  const headers = new Headers()
  const session = await source.get(request)
  session.increment('n')
  const first = session.save(request, headers)
  session.increment('n')
  await Promise.all([first, session.save(request, headers)])
  assert.equal(headers.getSetCookie().length, 1)
  const again = await source.get({ headers: { cookie: headers.getSetCookie()[0]!.split(';')[0]! } })
  assert.equal(again.values.n, 2)
})
