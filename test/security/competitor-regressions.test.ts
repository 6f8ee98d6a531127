/**
 * Reproduces problems of other libraries and shows that this library does not have them. Problems with
 * concurrent requests are in `test/express-session/`, those with shared caches in
 * `shared-cache.services.test.ts`.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import express from 'express'
import expressSession from 'express-session'
import { Hono } from 'hono'
import { CookieStore as HonoCookieStore, sessionMiddleware } from 'hono-sessions'
import { getIronSession, type IronSession } from 'iron-session'
import { createCookie, createMemorySessionStorage } from 'react-router'
import { CookieStore, ServerStore } from 'silverback'
import { sessions as expressSessions } from 'silverback/express'
import { sessions as honoSessions } from 'silverback/hono'
import { memory } from 'silverback/memory'
import { CookieJar } from 'tough-cookie'
import { keys } from '../support/keys.ts'

const password = 'a password of more than thirty-two characters'

suite('a cookie set by a read', () => {
  async function cookiesOf(app: {
    request(path: string): Response | Promise<Response>
  }): Promise<number> {
    const response = await app.request('/')
    return response.headers.getSetCookie().length
  }

  test('hono-sessions sets a cookie for every visitor', async () => {
    const app = new Hono()
    const store = new HonoCookieStore()
    app.use(sessionMiddleware({ store, encryptionKey: password, expireAfterSeconds: 900 }))
    app.get('/', context => context.text('hello'))
    assert.ok((await cookiesOf(app)) > 0)
  })

  test('Silverback sets none', async () => {
    const store = new CookieStore({ keys })
    const app = new Hono()
    app.use(honoSessions({ store, name: 'sid' }))
    app.get('/', context => context.text('hello'))
    assert.equal(await cookiesOf(app), 0)
  })
})

suite('an id that was not issued by the server', () => {
  const planted = 'attackers-choice'

  test('is adopted by the memory storage of React Router, signed or not', async () => {
    const storage = createMemorySessionStorage({ cookie: { name: 'sid' } })
    const chosen = await createCookie('sid').serialize(planted)
    const session = await storage.getSession(chosen)
    session.set('user', 'ann')
    const committed = await storage.commitSession(session)
    assert.equal(await createCookie('sid').parse(committed), planted)
    assert.equal((await storage.getSession(chosen)).get('user'), 'ann')
  })

  test('is not adopted by Silverback', async () => {
    const store = new ServerStore(memory())
    const id = planted.padEnd(43, 'x')
    const request = new Request('http://localhost/', { headers: { cookie: `sid=${id}` } })
    const response = new Response()
    const session = await store.get(request, 'sid')
    session.login('ann')
    await session.save(request, response)
    assert.notEqual(session.id, id)
    const again = await store.get(new Request(request, {}), 'sid')
    assert.equal(again.reason, 'unknown-id')
  })
})

suite('a cookie that cannot be decoded', () => {
  test('makes iron-session throw, which frameworks turn into a 500', async () => {
    const jar = new Map<string, string>()
    const read = (): Promise<IronSession<object>> =>
      getIronSession(
        {
          get: (name: string) => {
            const value = jar.get(name)
            return value === undefined ? undefined : { name, value }
          },
          set: (name: string, value: string) => void jar.set(name, value),
        } as never,
        { password, cookieName: 'sid' },
      )
    const session = await read()
    await session.save()
    jar.set('sid', (jar.get('sid') as string).replace('Fe26.2', 'Fe26.1'))
    await assert.rejects(read(), /Wrong mac prefix/)
  })

  test('starts a new session in Silverback, also after a change of keys', async () => {
    const store = new CookieStore({ keys })
    for (const [value, reason] of [
      ['Fe26.1*1*abc', 'malformed'],
      [
        new CookieStore({ keys: [crypto.getRandomValues(new Uint8Array(32))] }).codecs[0]!.encode(
          'sid',
          {},
        ),
        'unknown-key',
      ],
    ] as const) {
      const request = new Request('http://localhost/', { headers: { cookie: `sid=${value}` } })
      assert.equal((await store.get(request, 'sid')).reason, reason)
    }
  })
})

suite('the cookie of a destroyed session', () => {
  const cookie = { path: '/app', domain: 'localhost.example', httpOnly: true }

  /** Returns the names of the cookies that a browser has after signing in and out. */
  async function leftAfter(listener: RequestListener): Promise<string[]> {
    const server = createServer(listener)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const jar = new CookieJar()
    const page = 'http://www.localhost.example/app/'
    for (const path of ['/app/sign-in', '/app/sign-out']) {
      const response = await fetch(
        `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
        { headers: { cookie: await jar.getCookieString(page) } },
      )
      await response.text()
      for (const line of response.headers.getSetCookie()) await jar.setCookie(line, page)
    }
    server.close()
    return (await jar.getCookies(page)).map(({ key }) => key)
  }

  test('stays with express-session, even if the app clears it by name', async () => {
    const app = express()
    const options = { secret: 'a secret', resave: false, saveUninitialized: false, cookie }
    app.use(expressSession(options) as unknown as express.RequestHandler)
    app.get('/app/sign-in', (request, response) => {
      Object.assign((request as unknown as { session: object }).session, { user: 'ann' })
      response.end()
    })
    app.get('/app/sign-out', (request, response) => {
      const { session } = request as unknown as { session: { destroy(done: () => void): void } }
      session.destroy(() => response.clearCookie('connect.sid').end())
    })
    assert.deepEqual(await leftAfter(app), ['connect.sid'])
  })

  test('is deleted by Silverback, with the attributes it was set with', async () => {
    const store = new ServerStore(memory(), { options: { ...cookie, secure: false } })
    const login = { store, name: 'login' }
    const app = express()
    app.use(expressSessions(login))
    app.get('/app/sign-in', async (request, response) => {
      const session = await store.get(request, 'login')
      session.login('ann')
      response.end()
    })
    app.get('/app/sign-out', async (request, response) => {
      const session = await store.get(request, 'login')
      session.destroy()
      response.end()
    })
    assert.deepEqual(await leftAfter(app), [])
  })
})
