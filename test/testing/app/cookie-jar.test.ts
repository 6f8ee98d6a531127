/** The cookie jar: which cookies it keeps and sends, and every client that it works with. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { CookieStore, defineSession, type SessionSource } from 'silverback'
import { sessions as expressSessions } from 'silverback/express'
import { sessions as fastifySessions } from 'silverback/fastify'
import { sessions as honoSessions } from 'silverback/hono'
import { sessions as nextSessions } from 'silverback/next'
import { CookieJar, fakeClock, loginAs } from 'silverback/testing'
import request from 'supertest'
import { keys } from '../../support/keys.ts'

/** A jar that has received these cookies from a URL. */
function jarWith(lines: string | readonly string[], url = 'https://shop.example/a/b'): CookieJar {
  const jar = new CookieJar({ origin: 'https://shop.example' })
  jar.receive({ 'set-cookie': lines }, url)
  return jar
}

suite('a cookie jar', () => {
  test('sends Secure cookies over TLS and to loopback hosts', () => {
    const line = 'sid=1; Secure; Path=/'
    for (const host of [
      'localhost',
      'localhost:3000',
      'shop.localhost',
      '127.0.0.1:80',
      '[::1]:3000',
    ]) {
      assert.equal(jarWith(line, `http://${host}/`).header(`http://${host}/`), 'sid=1', host)
    }
    const jar = jarWith(line)
    assert.equal(jar.header('https://shop.example/'), 'sid=1')
    assert.equal(jar.header('http://shop.example/'), '')
    assert.equal(jarWith(line, 'http://shop.example/').header('https://shop.example/'), '')
    assert.equal(jarWith('sid=1', 'http://shop.example/').header('https://shop.example/'), 'sid=1')
  })

  test('treats loopback addresses as localhost', () => {
    const jar = jarWith('sid=1', 'http://127.0.0.1:4321/')
    assert.equal(jar.header('http://localhost:3000/'), 'sid=1')
    assert.equal(jar.header('http://[::1]/'), 'sid=1')
    assert.equal(jar.header('http://shop.localhost/'), '')
  })

  test('respects Path', () => {
    const jar = jarWith(['a=1; Path=/', 'b=2; Path=/shop', 'c=3', 'd=4; Path=x'])
    const at = (path: string): string => jar.header(path)
    assert.equal(at('/'), 'a=1')
    assert.equal(at('/shop/cart'), 'b=2; a=1')
    assert.equal(at('/shopping'), 'a=1')
    assert.equal(at('/a/c'), 'c=3; d=4; a=1')
    assert.equal(jar.get('b', '/shop'), '2')
    assert.equal(jar.get('b'), undefined)
  })

  test('respects Domain', () => {
    const jar = jarWith(
      [
        'a=1',
        'b=2; Domain=.example.com',
        'c=3; Domain=shop.example.com',
        'd=4; Domain=com',
        'e=5; Domain=other.example.com',
      ],
      'https://shop.example.com/',
    )
    assert.equal(jar.header('https://shop.example.com/'), 'a=1; b=2; c=3')
    assert.equal(jar.header('https://www.shop.example.com/'), 'b=2; c=3')
    assert.equal(jar.header('https://example.com/'), 'b=2')
    assert.equal(jar.header('https://notexample.com/'), '')
  })

  test('replaces and deletes the cookie with the same name, path and domain', () => {
    const jar = jarWith(['a=1; Path=/', 'a=2; Path=/shop'])
    jar.receive({ 'set-cookie': ['a=3; Path=/', 'a=; Path=/shop; Max-Age=0'] })
    assert.equal(jar.header('/shop'), 'a=3')
    jar.receive({ 'set-cookie': 'a=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT' })
    assert.equal(jar.header(), '')
  })

  test('expires cookies by its clock', () => {
    const clock = fakeClock()
    const jar = new CookieJar({ now: clock.now })
    jar.receive({ 'set-cookie': ['a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'b=2'] })
    clock.advance(59)
    assert.equal(jar.header(), 'a=1; b=2')
    clock.advance(1)
    assert.equal(jar.header(), 'b=2')
  })

  test('ignores malformed cookies', () => {
    assert.equal(
      jarWith(['', '=1', '; Path=/', 'a=1=2; Max-Age=x; Expires=never']).header('/a/'),
      'a=1=2',
    )
  })

  test('refuses wrong options', () => {
    assert.throws(
      () => new CookieJar({ url: '' } as object),
      /^TypeError: CookieJar has no option url/,
    )
    assert.throws(() => new CookieJar({ origin: 'localhost' }), /^TypeError: origin/)
    assert.throws(() => new CookieJar({ fetch: 'x' as never }), /^TypeError: fetch/)
    assert.throws(() => new CookieJar({ now: 5 as never }), /^TypeError: now/)
  })

  test("has Playwright's storage state", () => {
    const { now } = fakeClock()
    const jar = new CookieJar({ origin: 'http://127.0.0.1:3000', now })
    const lines = ['a=1; Secure; HttpOnly; Path=/; SameSite=Strict', '__Host-b=2; Secure; Path=/']
    jar.receive({ 'set-cookie': lines })
    jar.receive(
      { 'set-cookie': 'c=3; Domain=example.com; Secure; Max-Age=60; Path=/x; SameSite=None' },
      'https://shop.example.com',
    )
    const { cookies, origins } = jar.storageState()
    assert.deepEqual(origins, [])
    const local = { domain: '127.0.0.1', path: '/', expires: -1 }
    assert.deepEqual(cookies.slice(0, 2), [
      { name: 'a', value: '1', ...local, httpOnly: true, secure: false, sameSite: 'Strict' },
      { name: '__Host-b', value: '2', ...local, httpOnly: false, secure: true, sameSite: 'Lax' },
    ])
    const { expires, ...last } = cookies[2] as (typeof cookies)[number]
    assert.equal(expires, now() + 60)
    assert.deepEqual(last, {
      name: 'c',
      value: '3',
      domain: '.example.com',
      path: '/x',
      httpOnly: false,
      secure: true,
      sameSite: 'None',
    })
  })
})

/** What each app does: `/` counts visits, `/sign-in` redirects there, `/sign-out` ends the session. */
const define = () => defineSession<{ visits: number }>(new CookieStore({ keys }), 'login')
const shown = (session: { owner?: string | undefined; increment(key: 'visits'): number }): string =>
  `${session.owner ?? 'guest'} ${session.increment('visits')}`

function expressApp(login = define()): express.Express {
  const app = express().use(expressSessions(login))
  app.get('/', async (request, response) => void response.send(shown(await login.get(request))))
  app.post('/sign-in', async (request, response) => {
    const session = await login.get(request)
    session.login('ann')
    response.cookie('plain', 'x').redirect('/')
  })
  app.post('/sign-out', async (request, response) => {
    const session = await login.get(request)
    session.destroy()
    response.redirect(303, '/')
  })
  return app
}

const honoApp = (login = define()) =>
  new Hono()
    .use(honoSessions(login))
    .get('/', c => c.text(shown(c.var.session)))
    .post('/sign-in', c => {
      c.var.session.login('ann')
      return c.redirect('/')
    })
    .post('/echo', async c => c.text(`${c.req.header('content-type')} ${await c.req.text()}`))
    .post('/moved', c => c.redirect('/echo', 307))
    .get('/forever', c => c.redirect('/forever'))

suite('a cookie jar with fetch', () => {
  test('keeps the session of an app in this process, also across a redirect', async () => {
    const jar = new CookieJar({ fetch: honoApp().fetch })
    assert.equal(await (await jar.fetch('/')).text(), 'guest 1')
    const page = await jar.fetch('/sign-in', { method: 'POST', body: 'x' })
    assert.equal(await page.text(), 'ann 1')
    assert.equal(await (await jar.fetch(new Request('http://localhost/'))).text(), 'ann 2')
  })

  test('follows redirects as fetch does', async () => {
    const jar = new CookieJar({ fetch: honoApp().fetch })
    const options = { method: 'POST', redirect: 'manual' } as const
    assert.equal((await jar.fetch('/sign-in', options)).status, 302)
    assert.equal(await (await jar.fetch('/')).text(), 'ann 1')
    const headers = { 'content-type': 'text/x' }
    const echoed = await jar.fetch('/moved', { method: 'POST', body: 'again', headers })
    assert.equal(await echoed.text(), 'text/x again')
    await assert.rejects(jar.fetch('/forever'), /^TypeError: more than 20 redirects/)
  })

  test('keeps the session of a server', async () => {
    const server = createServer(expressApp()).listen(0)
    after(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { fetch } = new CookieJar({ origin: `http://localhost:${port}` })
    await (await fetch('/')).text()
    assert.equal(await (await fetch('/sign-in', { method: 'POST' })).text(), 'ann 1')
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'ann 2')
    assert.equal(await (await fetch('/sign-out', { method: 'POST' })).text(), 'guest 1')
  })

  test('starts signed in', async () => {
    const login = define()
    const jar = new CookieJar({ fetch: honoApp(login).fetch })
    jar.add(await loginAs(login, 'bob', { visits: 41 }))
    assert.equal(await (await jar.fetch('/')).text(), 'bob 42')
    const headers = { cookie: await loginAs(login, 'eve') }
    assert.equal(await (await jar.fetch('/', { headers })).text(), 'eve 1')
  })
})

suite('a cookie jar with supertest', () => {
  test('is needed: an agent alone loses a Secure cookie, and a warning says so', async () => {
    const warned = once(process, 'warning')
    const agent = request.agent(expressApp())
    await agent.post('/sign-in')
    assert.equal((await agent.get('/')).text, 'guest 1')
    const [warning] = await warned
    assert.equal(warning.code, 'SESSION_SECURE_OVER_HTTP')
    assert.match(warning.message, /agents of supertest drop it/)
  })

  test('keeps the session of an agent', async () => {
    const jar = new CookieJar()
    const agent = request.agent(expressApp()).use(jar.superagent)
    assert.equal((await agent.get('/')).text, 'guest 1')
    assert.equal((await agent.post('/sign-in')).status, 302)
    assert.equal((await agent.get('/')).text, 'ann 1')
    assert.equal((await agent.post('/sign-out')).status, 303)
    assert.equal((await agent.get('/')).text, 'guest 1')
  })

  test('keeps the session across a redirect, in single requests too', async () => {
    const { superagent } = new CookieJar()
    const app = expressApp()
    const page = await request(app).post('/sign-in').use(superagent).redirects(1)
    assert.equal(page.text, 'ann 1')
    const ended = await request(app).post('/sign-out').use(superagent).redirects(1)
    assert.equal(ended.text, 'guest 1')
  })

  test('leaves a Cookie header alone', async () => {
    const login = define()
    const { superagent } = new CookieJar().add(await loginAs(login, 'ann'))
    const app = expressApp(login)
    const page = request(app)
      .get('/')
      .set('Cookie', await loginAs(login, 'bob'))
      .use(superagent)
    assert.equal((await page).text, 'bob 1')
  })
})

test('a cookie jar keeps the session in inject of Fastify', async () => {
  const login = define()
  const app = fastify()
  await app.register(fastifySessions(login))
  app.get('/', async request => shown(await login.get(request)))
  app.post('/sign-in', async (request, reply) => {
    const session = await login.get(request)
    session.login('ann')
    return reply.redirect('/')
  })
  const jar = new CookieJar()
  assert.equal((await jar.inject(app, '/')).body, 'guest 1')
  const options = { method: 'POST', url: '/sign-in', payload: { user: 'ann' } } as const
  assert.equal((await jar.inject(app, options)).statusCode, 302)
  assert.equal((await jar.inject(app, '/')).payload, 'ann 1')
  const headers = { Cookie: await loginAs(login, 'bob') }
  assert.equal((await jar.inject(app, { url: '/', headers })).body, 'bob 1')
})

suite('the cookies of a request', () => {
  test('carry the session of Next.js', async () => {
    const login = define()
    const jar = new CookieJar().add(await loginAs(login, 'ann'))
    const logins = nextSessions(login, { cookies: async () => jar.cookies() })
    const opened = await logins.open()
    assert.equal(shown(opened.session), 'ann 1')
    await opened.save()
    assert.equal((await logins.read()).values.visits, 1)
    const ending = await logins.open()
    ending.session.destroy()
    await ending.save()
    assert.equal(jar.header(), '')
  })

  test('have the methods of Next.js', () => {
    const jar = new CookieJar()
    const cookies = jar.cookies('/shop')
    cookies.set('a', '1')
    cookies.set('b', '2', {
      path: '/shop',
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
      maxAge: 60,
      expires: new Date(0),
    })
    cookies.set('c', '3', { path: '/', domain: 'other.example' })
    assert.deepEqual(cookies.getAll(), [
      { name: 'b', value: '2' },
      { name: 'a', value: '1' },
    ])
    assert.deepEqual(
      [cookies.has('a'), cookies.has('c'), cookies.get('b')?.value],
      [true, false, '2'],
    )
    assert.deepEqual([cookies.get('c'), jar.get('b')], [undefined, undefined])
    assert.equal(jar.storageState().cookies[1]?.sameSite, 'Strict')
    cookies.delete('a')
    assert.equal(jar.header('/shop'), 'b=2')
  })
})

test('a source of another kind', async () => {
  const source: SessionSource = { store: new CookieStore({ keys }), name: 'sid' }
  const jar = new CookieJar().add(await loginAs(source, 'ann'))
  const session = await source.store.get({ cookies: jar.cookies() }, 'sid')
  assert.equal(session.owner, 'ann')
})
