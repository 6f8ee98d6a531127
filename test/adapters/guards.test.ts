/** Guards: what they throw, their options, and tokens in forms. The suite of the adapters tests that they refuse. */

import assert from 'node:assert/strict'
import { type IncomingMessage, type RequestListener, request as send } from 'node:http'
import { suite, test } from 'node:test'
import connect from 'connect'
import { Elysia } from 'elysia'
import express from 'express'
import fastify from 'fastify'
import { H3 } from 'h3'
import { createApp, toNodeListener } from 'h3v1'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import Koa from 'koa'
import { CookieStore, defineSession, RefusedError } from 'silverback'
import * as astro from 'silverback/astro'
import * as connectGuards from 'silverback/connect'
import { csrf } from 'silverback/csrf'
import * as elysia from 'silverback/elysia'
import * as expressGuards from 'silverback/express'
import * as fastifyGuards from 'silverback/fastify'
import * as h3 from 'silverback/h3'
import * as h3v1 from 'silverback/h3v1'
import * as hono from 'silverback/hono'
import * as koa from 'silverback/koa'
import * as next from 'silverback/next'
import * as node from 'silverback/node'
import * as reactRouter from 'silverback/react-router'
import * as svelteKit from 'silverback/sveltekit'
import * as web from 'silverback/web'
import { keys } from '../support/keys.ts'
import { listen } from './apps/node-http.ts'

const login = defineSession(new CookieStore({ keys }), 'login')
const own = { 'sec-fetch-site': 'same-origin' }

/** A session's cookie and a token of it. */
async function tokenOf(): Promise<{ cookie: string; token: string }> {
  const request = new Request('http://app.test/')
  const session = await login.get(request)
  const token = csrf(session).token()
  const headers = new Headers()
  await session.save(request, headers)
  return { cookie: headers.getSetCookie()[0]?.split(';')[0] as string, token }
}

suite('arguments', () => {
  const functions = {
    astro,
    connect: connectGuards,
    elysia,
    express: expressGuards,
    fastify: fastifyGuards,
    h3,
    h3v1,
    hono,
    koa,
    reactRouter,
    svelteKit,
  }
  const wrapped = (adapter: typeof web): typeof expressGuards =>
    ({
      requireLogin: (source: never, options: never) =>
        adapter.requireLogin(source, async () => new Response(), options),
      requireFreshLogin: (source: never, seconds: number, options: never) =>
        adapter.requireFreshLogin(source, seconds, async () => new Response(), options),
      csrfProtection: (options: never) =>
        adapter.csrfProtection(async () => new Response(), options),
    }) as never

  for (const [name, adapter] of Object.entries({
    ...functions,
    web: wrapped(web),
    node: wrapped(node as never),
  })) {
    test(`${name} refuses invalid ones when the app starts`, () => {
      const { requireLogin, requireFreshLogin } = adapter as typeof expressGuards
      const invalid: [make: () => unknown, message: RegExp][] = [
        [() => requireLogin('login' as never), /^the source of requireLogin\(\) must be/],
        [
          () => requireLogin(login, { redirect: '/' } as never),
          /has no option redirect \(did you mean redirectTo\?\); it has/,
        ],
        [() => requireLogin(login, { redirectTo: 1 as never }), /^redirectTo must be a path/],
        [() => requireLogin(login, { redirectTo: '/a\r\nb: c' }), /^redirectTo must be a path/],
        [() => requireFreshLogin(login, 0), /^seconds must be a whole number/],
        [() => requireFreshLogin({} as never, 60), /^the source of requireFreshLogin\(\) must be/],
      ]
      for (const [make, message] of invalid) assert.throws(make, { message })
    })
  }

  for (const [name, { csrfProtection }] of Object.entries({ ...functions, next })) {
    test(`csrfProtection of ${name} refuses invalid options when the app starts`, () => {
      const invalid: [options: object, message: RegExp][] = [
        [
          { token: login },
          /has no option token \(did you mean tokens\?\); it has allow, unknown, trustProxy, tokens$/,
        ],
        [{ tokens: true }, /^tokens must be a definition or/],
        [{ allow: 'https://a.example' }, /^allow must be a list of origins, not a string/],
        [{ allow: ['a.example'] }, /^allow: "a\.example" is not an origin/],
        [{ unknown: 'maybe' }, /^unknown must be 'refuse' or 'allow'/],
        [{ trustProxy: true }, /^trustProxy must be/],
      ]
      for (const [options, message] of invalid) {
        assert.throws(() => csrfProtection(options as never), { message })
      }
    })
  }
})

suite('errors', () => {
  const url = 'http://app.test/'
  const expected = { code: 'login-required', status: 401, statusCode: 401, expose: true }

  function assertRefused(error: unknown): void {
    assert.ok(error instanceof RefusedError)
    const { code, status, statusCode, expose } = error
    assert.deepEqual({ code, status, statusCode, expose }, expected)
  }

  test('Hono gets an HTTPException, whose response is private', async () => {
    let thrown: unknown
    const app = new Hono().use(hono.requireLogin(login))
    app.onError(error => {
      thrown = error
      return (error as HTTPException).getResponse()
    })
    const response = await app.request(url)
    assert.ok(thrown instanceof HTTPException)
    assertRefused(thrown.cause)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(response.headers.get('vary'), 'Cookie')
  })

  test('h3 takes it as one of its own errors', async () => {
    const thrown: { readonly unhandled?: boolean | undefined }[] = []
    const app = new H3({ onError: error => void thrown.push(error) }).use(h3.requireLogin(login))
    const response = await app.request(url)
    assert.equal(response.status, 401)
    assertRefused(thrown[0])
    assert.equal(thrown[0]?.unhandled, undefined)
    assert.deepEqual(await response.json(), {
      status: 401,
      code: 'login-required',
      message: 'sign in to continue',
    })
  })

  test('h3 v1 takes it as one of its own errors', async () => {
    const thrown: { readonly unhandled?: boolean }[] = []
    const app = createApp({ onError: error => void thrown.push(error) })
    app.use(h3v1.requireLogin(login))
    assert.equal((await visit(toNodeListener(app))).status, 401)
    assertRefused(thrown[0])
    assert.notEqual(thrown[0]?.unhandled, true)
  })

  test('Koa sends the message, and does not log the error', async () => {
    const app = new Koa().use(koa.requireLogin(login))
    const logged: unknown[] = []
    const { error } = console
    console.error = (...args) => void logged.push(args)
    try {
      const response = await visit(app.callback())
      assert.deepEqual([response.status, response.text], [401, 'sign in to continue'])
    } finally {
      console.error = error
    }
    assert.deepEqual(logged, [])
  })

  test('Fastify names the code', async () => {
    const app = fastify()
    app.get('/', { preHandler: fastifyGuards.requireLogin(login) }, async () => 'ok')
    const response = await app.inject('/')
    assert.deepEqual(response.json(), {
      statusCode: 401,
      code: 'login-required',
      error: 'Unauthorized',
      message: 'sign in to continue',
    })
  })

  test('Elysia has the code in onError', async () => {
    let seen: unknown
    const app = new Elysia()
      .onError(({ code, error }) => {
        seen = code
        assertRefused(error)
      })
      .get('/', () => 'ok', { beforeHandle: elysia.requireLogin(login) })
    assert.equal((await app.handle(new Request(url))).status, 401)
    assert.equal(seen, 'login-required')
  })

  test('a failing store is an error, not a refusal', async () => {
    const store = { ...login.store, get: () => Promise.reject(new Error('down')) }
    const handler = web.requireLogin({ store: store as never, name: 'a' }, () => new Response('ok'))
    await assert.rejects(handler(new Request(url)), { message: 'down' })
  })
})

suite('tokens in forms that were parsed before', () => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const parse = (request: IncomingMessage, _: unknown, done: () => void): void =>
    express.urlencoded({ extended: false })(request as never, {} as never, done)
  const apps: Record<string, () => RequestListener | Promise<RequestListener>> = {
    express: () =>
      express()
        .set('env', 'test')
        .use(express.urlencoded())
        .use(expressGuards.csrfProtection({ tokens: login }))
        .use((_request, response) => response.send('ok')) as RequestListener,
    connect: () =>
      connect()
        .use(parse)
        .use(connectGuards.csrfProtection({ tokens: login }))
        .use((_request, response) => response.end('ok')) as RequestListener,
    koa: () =>
      new Koa()
        .use(async (ctx, next) => {
          await new Promise<void>(done => parse(ctx.req, ctx.res, done))
          Object.assign(ctx.request, { body: (ctx.req as { body?: unknown }).body })
          await next()
        })
        .use(koa.csrfProtection({ tokens: login }))
        .use(ctx => {
          ctx.body = 'ok'
        })
        .callback(),
    async fastify() {
      const app = fastify()
      app.addContentTypeParser(Object.values(type), { parseAs: 'string' }, (_request, body, done) =>
        done(null, Object.fromEntries(new URLSearchParams(String(body)))),
      )
      app.addHook('preHandler', fastifyGuards.csrfProtection({ tokens: login }))
      app.post('/', async () => 'ok')
      await app.ready()
      return (request, response) => app.routing(request, response)
    },
  }

  for (const [name, start] of Object.entries(apps)) {
    test(name, async () => {
      const app = await start()
      const { cookie, token } = await tokenOf()
      const post = async (body: string): Promise<number> =>
        (await visit(app, { method: 'POST', headers: { ...own, ...type, cookie }, body })).status
      assert.equal(await post(`_csrf=${token}`), 200)
      assert.equal(await post('_csrf=wrong'), 403)
      assert.equal((await post(`_csrf=${token}&_csrf=${token}`)) === 200, name === 'fastify')
      assert.equal(await post('__proto__=1'), 403)
    })
  }

  test('elysia', async () => {
    const app = new Elysia().post('/', () => 'ok', {
      beforeHandle: elysia.csrfProtection({ tokens: login }),
    })
    const { cookie, token } = await tokenOf()
    const post = async (body: string): Promise<number> => {
      const headers = { ...own, ...type, cookie }
      return (await app.handle(new Request('http://app.test/', { method: 'POST', headers, body })))
        .status
    }
    assert.equal(await post(`_csrf=${token}`), 200)
    assert.equal(await post('_csrf=wrong'), 403)
  })
})

/** Sends a request with a body to the app. */
async function visit(
  app: RequestListener,
  { body, ...options }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; text: string }> {
  const { origin, close } = await listen(app)
  try {
    return await new Promise((resolve, reject) => {
      const sending = send(origin, options, async response => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        resolve({ status: Number(response.statusCode), text: Buffer.concat(chunks).toString() })
      })
      sending.on('error', reject).end(body)
    })
  } finally {
    await close()
  }
}
