/** Responses that are not Node's: of Nitro's internal requests and of tests without a server. */

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import express from 'express'
import { H3, HTTPError, redirect } from 'h3'
import { createApp, createError, eventHandler, sendRedirect, toNodeListener } from 'h3v1'
import inject from 'light-my-request'
import { fetchNodeRequestHandler } from 'node-mock-http'
import { sessions } from 'silverback/express'
import session from 'silverback/express-session'
import { sessions as h3Sessions } from 'silverback/h3'
import { sessionsPlugin } from 'silverback/h3v1'
import { sessions as nodeSessions } from 'silverback/node'
import {
  backendThat,
  breakableBackend,
  cookieStore,
  serverStore,
  sleep,
} from '../../src/testing/adapters/stores.ts'

const stores = {
  CookieStore: () => cookieStore(),
  'slow ServerStore': () => serverStore(backendThat(() => sleep(5))),
}
type Visits = { session: { increment(key: string): unknown } }

for (const [name, store] of Object.entries(stores)) {
  const source = () => ({ store: store(), name: 'sid' })
  const makeExpress = () => {
    const app = express().use(sessions(source()))
    return app.get('/', (request, response) => {
      ;(request as unknown as Visits).session.increment('n')
      response.json({ hello: 'world' })
    })
  }
  suite(`mocked responses with a ${name}`, { timeout: 60_000 }, () => {
    test('light-my-request with Express', async () => {
      const page = await inject(makeExpress() as unknown as Parameters<typeof inject>[0], '/')
      assert.deepEqual([page.statusCode, page.payload], [200, '{"hello":"world"}'])
      assert.match(String(page.headers['set-cookie']), /^sid=/)
    })

    test('light-my-request with node:http', async () => {
      const listener = nodeSessions(source(), (_request, response, visit) => {
        visit.increment('n')
        response.write('one ')
        response.end('two')
      })
      const page = await inject(listener as Parameters<typeof inject>[0], '/')
      assert.deepEqual([page.statusCode, page.payload], [200, 'one two'])
      assert.match(String(page.headers['set-cookie']), /^sid=/)
    })

    test('an empty object in place of a response', async () => {
      const request = { headers: {}, url: '/', method: 'GET' }
      const own = sessions(source())
      await new Promise<void>((resolve, reject) =>
        own(request, {} as never, error => (error ? reject(error) : resolve())),
      )
      assert.equal(typeof (request as unknown as Visits).session.increment, 'function')
    })

    const paths = {
      '/json': [200, '{"hello":"world"}'],
      '/text': [200, 'text'],
      '/redirect': [302, undefined],
      '/error': [404, undefined],
      '/write': [200, 'one two'],
    } as const
    for (const [path, [status, body]] of Object.entries(paths)) {
      test(`an internal request of h3 v1: ${path}`, async () => {
        const app = createApp({ onError: () => {} })
        app.use(
          eventHandler(event => {
            ;(event.context as unknown as Visits).session.increment('n')
            if (event.path === '/json') return { hello: 'world' }
            if (event.path === '/text') return 'text'
            if (event.path === '/redirect') return sendRedirect(event, '/json')
            if (event.path === '/error') throw createError({ statusCode: 404 })
            event.node.res.write('one ')
            event.node.res.end('two')
            return undefined
          }),
        )
        sessionsPlugin(source())({ h3App: app })
        const listener = toNodeListener(app) as RequestListener
        const page = await fetchNodeRequestHandler(listener as never, path, { redirect: 'manual' })
        const text = await page.text()
        assert.equal(page.status, status)
        if (body !== undefined) assert.equal(text, body)
        else assert.notEqual(text, '')
        assert.match(page.headers.get('set-cookie') ?? '', /^sid=/)
      })
    }

    for (const path of ['/json', '/redirect', '/error'] as const) {
      test(`an internal request of h3 v2: ${path}`, async () => {
        const app = new H3({ silent: true }).use(h3Sessions(source()))
        const count = (context: object): unknown => (context as Visits).session.increment('n')
        app.get('/json', ({ context }) => ({ visits: count(context) }))
        app.get('/redirect', ({ context }) => {
          count(context)
          return redirect('/json')
        })
        app.get('/error', ({ context }) => {
          count(context)
          throw new HTTPError({ status: 404 })
        })
        app.get('/outer', async ({ context, url }) => {
          count(context)
          const inner = await app.request(url.searchParams.get('path') as string)
          return {
            status: inner.status,
            body: await inner.text(),
            cookies: inner.headers.getSetCookie().length,
          }
        })
        const page = await app.request(`/outer?path=${path}`)
        assert.match(page.headers.get('set-cookie') ?? '', /^sid=/)
        const { status, body, cookies } = await page.json()
        assert.deepEqual([status, cookies], [paths[path][0], 1])
        if (path === '/json') assert.equal(body, '{"visits":1}')
      })
    }
  })
}

test('an internal request of h3 v1 whose save fails gets a 500', async () => {
  const { backend, broken } = breakableBackend()
  const errors: unknown[] = []
  const app = createApp()
  app.use(
    eventHandler(event => {
      ;(event.context as unknown as Visits).session.increment('n')
      return 'private'
    }),
  )
  const source = { store: serverStore(backend), name: 'sid' }
  sessionsPlugin(source, { onError: error => errors.push(error) })({ h3App: app })
  broken.add('create')
  const page = await fetchNodeRequestHandler(toNodeListener(app) as never, '/')
  assert.deepEqual([page.status, await page.text()], [500, 'Internal Server Error'])
  assert.equal(errors.length, 1)
})

test('express-session: an empty object in place of a response', async () => {
  const request = { headers: {}, url: '/', originalUrl: '/', method: 'GET' }
  const middleware = session({ secret: 'a secret', resave: false, saveUninitialized: false })
  await new Promise<void>((resolve, reject) =>
    middleware(request, {} as never, error => (error ? reject(error) : resolve())),
  )
  assert.ok((request as { session?: object }).session)
})
