/** In development, mistakes that fail no request emit a warning each, once. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'

const execute = promisify(execFile)

interface Warned {
  readonly code: string
  readonly message: string
}

/** The imports of all programs, and helpers for them. */
const prelude = `
  import { createServer } from 'node:http'
  import { setTimeout as sleep } from 'node:timers/promises'
  import express from 'express'
  import { defineSession, openSession, ServerStore } from 'silverback'
  import { memory } from 'silverback/memory'
  import { sessions } from 'silverback/express'

  const warned = []
  process.on('warning', ({ code, message }) => warned.push({ code, message }))
  const options = Object.freeze({ path: '/', secure: false })
  const store = new ServerStore(memory(), { options })
  const login = defineSession(store, 'sid')

  let port
  async function listen(listener) {
    const server = createServer(listener)
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
    port = server.address().port
  }
  const ask = async (path = '/', headers = {}) => {
    const response = await fetch('http://127.0.0.1:' + port + path, { headers, redirect: 'manual' })
    await response.text()
    return response
  }
  const cookieOf = response => response.headers.getSetCookie()[0]?.split(';')[0]
  /** A second request, as each warning is emitted once. */
  async function askTwice(path, headers) {
    await ask(path, headers)
    await ask(path, headers)
  }
  async function done(expected) {
    // A program without these warnings waits until the test times out.
    while (warned.length < expected) await sleep(20)
    // Time for others.
    await sleep(1200)
    console.log(JSON.stringify(warned))
    process.exit()
  }
`

/** The warnings of a program, which is over when it has emitted this many, and for a second no others. */
async function warningsOf(
  program: string,
  expected: number,
  nodeEnv: string | undefined = 'development',
): Promise<Warned[]> {
  const args = ['--import', 'tsx', '--conditions=@silverback/source', '--input-type=module']
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, NODE_ENV: ___, ...env } = process.env
  const { stdout } = await execute(
    process.execPath,
    [...args, '--eval', `${prelude}{${program}}\nawait done(${expected})`],
    { env: nodeEnv === undefined ? env : { ...env, NODE_ENV: nodeEnv }, timeout: 120_000 },
  ).catch((error: { stderr?: string }) => assert.fail(error.stderr))
  return JSON.parse(stdout.trim().split('\n').at(-1) as string)
}

interface Mistake {
  readonly code: string
  readonly program: string
  /** What the message names: the offender and the fix. */
  readonly names: RegExp
}

const mistakes: Record<string, Mistake> = {
  'a route before the middleware': {
    code: 'SESSION_NOT_SAVED',
    names: /"sid".*before the route.*session\.save\(request, response\)/,
    program: `
      const app = express()
      app.get('/', async (request, response) => {
        const session = await login.get(request)
        session.values.user = 'secret'
        response.send('ok')
      })
      app.use(sessions(login))
      await listen(app)
      await askTwice()`,
  },
  'a request with a body that the handler reads first': {
    code: 'SESSION_NOT_SAVED',
    names: /"sid"/,
    program: `
      await listen(async (request, response) => {
        for await (const _ of request);
        const session = await login.get(request)
        await sleep(50)
        session.addFlash('secret')
        response.end()
      })
      await fetch('http://127.0.0.1:' + port, { method: 'POST', body: 'a' })`,
  },
  "a Fastify route outside of the plugin's scope": {
    code: 'SESSION_NOT_SAVED',
    names: /"sid"/,
    program: `
      const { fastify } = await import('fastify')
      const app = fastify()
      app.get('/', async request => {
        const session = await login.get(request)
        session.login('secret')
        return 'ok'
      })
      await app.listen({ port: 0, host: '127.0.0.1' })
      port = app.server.address().port
      await askTwice()`,
  },
  'a route of Hono before the middleware': {
    code: 'SESSION_NOT_SAVED',
    names: /"sid"/,
    program: `
      const { Hono } = await import('hono')
      const { sessions } = await import('silverback/hono')
      const app = new Hono()
      app.get('/', async c => {
        const session = await login.get(c.req.raw)
        session.values.user = 'secret'
        return c.text('ok')
      })
      app.use(sessions(login))
      await app.request('http://app.test/')
      await sleep(5000)`,
  },
  'a change after the response was sent': {
    code: 'SESSION_CHANGED_LATE',
    names: /"sid".*before you respond/,
    program: `
      const app = express()
      app.use(sessions(login))
      app.get('/', async (request, response) => {
        response.send('ok')
        request.session.values.user = 'secret'
      })
      await listen(app)
      await askTwice()`,
  },
  'a change later still, to a session that was read': {
    code: 'SESSION_CHANGED_LATE',
    names: /"sid"/,
    program: `
      const app = express()
      app.use(sessions(login))
      app.get('/login', (request, response) => {
        request.session.values.user = 1
        response.send('ok')
      })
      app.get('/', async (request, response) => {
        response.send('ok')
        await sleep(100)
        request.session.values.user = 2
      })
      await listen(app)
      const cookie = cookieOf(await ask('/login'))
      await ask('/', { cookie })`,
  },
  'a change after Hono has saved': {
    code: 'SESSION_CHANGED_LATE',
    names: /"sid"/,
    program: `
      const { Hono } = await import('hono')
      const { sessions } = await import('silverback/hono')
      const app = new Hono()
      app.use(async (c, next) => {
        await next()
        c.var.session.values.user = 'secret'
      })
      app.use(sessions(login))
      app.get('/', c => c.text('ok'))
      await app.request('http://app.test/')`,
  },
  'a value on the session itself': {
    code: 'SESSION_STRAY_PROPERTY',
    names: /session\.user .*session\.values\.user/,
    program: `
      const app = express()
      app.use(sessions(login))
      app.get('/', (request, response) => {
        request.session.user = 'secret'
        response.send('ok')
      })
      await listen(app)
      await askTwice()`,
  },
  'a router inside Fastify, registered first': {
    code: 'SESSION_RAW_REQUEST',
    names: /request\.session .*silverback\/express/,
    program: `
      const { fastify } = await import('fastify')
      const plugin = await import('silverback/fastify')
      const router = express()
      router.get('/', (request, response) => response.send(String(request.session)))
      const app = fastify()
      // What @fastify/express does.
      app.addHook('onRequest', (request, reply, next) => router(request.raw, reply.raw, next))
      app.register(plugin.sessions(login))
      await app.listen({ port: 0, host: '127.0.0.1' })
      port = app.server.address().port
      await askTwice()`,
  },
  'a router inside Fastify, registered last': {
    code: 'SESSION_RAW_REQUEST',
    names: /request\.sessions/,
    program: `
      const { fastify } = await import('fastify')
      const plugin = await import('silverback/fastify')
      const router = express()
      router.get('/', (request, response) => response.send(String(request.sessions)))
      const app = fastify()
      await app.register(plugin.sessions({ login }))
      app.addHook('onRequest', (request, reply, next) => router(request.raw, reply.raw, next))
      await app.listen({ port: 0, host: '127.0.0.1' })
      port = app.server.address().port
      await askTwice()`,
  },
  'request.session with the option lazy': {
    code: 'SESSION_LAZY',
    names: /session was read.*await login\.get\(request\)/,
    program: `
      const app = express()
      app.use(sessions(login, { lazy: true }))
      app.get('/', (request, response) => response.send(String(request.session)))
      await listen(app)
      await askTwice()`,
  },
  'request.session of Fastify with the option lazy': {
    code: 'SESSION_LAZY',
    names: /session was read/,
    program: `
      const { fastify } = await import('fastify')
      const plugin = await import('silverback/fastify')
      const app = fastify()
      app.register(plugin.sessions(login, { lazy: true }))
      app.get('/', async request => String(request.session))
      await app.listen({ port: 0, host: '127.0.0.1' })
      port = app.server.address().port
      await askTwice()`,
  },
  'the Domain of another host': {
    code: 'SESSION_DOMAIN_MISMATCH',
    names: /"sid" has the Domain example\.com .*host 127\.0\.0\.1.*options\.domain/,
    program: `
      store.options.domain = 'example.com'
      const app = express()
      app.use(sessions({ store, name: 'sid' }))
      app.get('/', (request, response) => {
        request.session.values.user = 'secret'
        response.send('ok')
      })
      await listen(app)
      await askTwice()`,
  },
  'the Domain com': {
    code: 'SESSION_DOMAIN_MISMATCH',
    names: /Domain com .*host example\.com/,
    program: `
      store.options.domain = 'com'
      const request = new Request('http://example.com/')
      const session = await store.get(request, 'sid')
      session.values.user = 'secret'
      await session.save(request, new Headers())`,
  },
  'a Path that the request is not in': {
    code: 'SESSION_PATH_MISMATCH',
    names: /"sid" has the Path \/app .*set by \/login.*options\.path to '\/'/,
    program: `
      store.options.path = '/app'
      const app = express()
      app.use(sessions({ store, name: 'sid' }))
      app.get('/login', (request, response) => {
        request.session.values.user = 'secret'
        response.send('ok')
      })
      await listen(app)
      await askTwice('/login')`,
  },
  'a proxy that adds a prefix to the Path': {
    code: 'SESSION_PATH_MISMATCH',
    names: /Path \/admin .*set by \/app\/admin\/users/,
    program: `
      store.options.path = '/admin'
      const app = express()
      app.use(sessions({ store, name: 'sid' }))
      app.use((request, response) => {
        request.session.values.user = 'secret'
        response.send('ok')
      })
      await listen(app)
      await askTwice('/admin/users', { 'x-forwarded-prefix': '/app' })`,
  },
  "express-session behind a proxy that strips the cookie's path": {
    code: 'SILVERBACK_OTHER_PATH',
    names: /request\.session .*at \/users.*path is \/app.*cookie\.path/,
    program: `
      const { default: session } = await import('silverback/express-session')
      const app = express()
      app.use(session({ secret: 'a'.repeat(32), cookie: { path: '/app' } }))
      app.use((request, response) => response.send(String(request.session?.user)))
      await listen(app)
      await askTwice('/users')`,
  },
  "Hono's etag() outside of the sessions": {
    code: 'SESSION_COOKIE_ON_304',
    names: /register etag\(\) after the sessions/,
    program: `
      const { Hono } = await import('hono')
      const { etag } = await import('hono/etag')
      const { sessions } = await import('silverback/hono')
      const app = new Hono()
      app.use(etag())
      app.use(sessions(login))
      app.get('/', c => {
        c.var.session.values.n = 1
        if (c.req.header('cookie')) c.var.session.rotate()
        return c.text('ok')
      })
      const first = await app.request('http://app.test/')
      const headers = { cookie: cookieOf(first), 'if-none-match': first.headers.get('etag') }
      const second = await app.request('http://app.test/', { headers })
      if (second.status !== 304 || cookieOf(second)) throw new Error('no 304')`,
  },
}

/** An app without a mistake, in each of the ways that come close to one. */
const correct = `
  const app = express()
  app.set('etag', 'strong')
  app.get('/own', async (request, response) => {
    const session = await login.get(request)
    session.values.user = 'ann'
    await session.save(request, response)
    response.send('ok')
  })
  app.get('/open', async (request, response) => {
    const login2 = await openSession(login, request, response)
    login2.session.values.user = 'ann'
    login2.discard()
    await login2[Symbol.asyncDispose]()
    response.send('ok')
  })
  app.get('/read', async (request, response) => {
    const session = await login.get(request)
    response.send(String(session.values.user))
  })
  app.get('/fails', async (request, response) => {
    const session = await login.get(request)
    session.values.user = 'ann'
    response.status(500).send('failed')
  })
  app.use(sessions(login, { saveOnError: 'discard' }))
  app.get('/flash', (request, response) => {
    request.session.addFlash('hello')
    response.redirect('/messages')
  })
  app.get('/messages', (request, response) => response.send(request.session.flashes()))
  app.get('/rotate', (request, response) => {
    request.session.login('ann')
    request.session.label = 'Firefox'
    request.session.owner = 'bob'
    response.send('ok')
  })
  app.get('/logout', (request, response) => {
    request.session.destroy()
    response.send('ok')
  })
  app.get('/discard', (request, response) => {
    request.session.values.user = 'bob'
    response.status(503).send('no')
  })
  const { Hono } = await import('hono')
  const hono = await import('silverback/hono')
  const honoApp = new Hono()
  honoApp.use(hono.sessions(login))
  honoApp.get('/', c => {
    c.var.session.values.n = 1
    return c.text('ok')
  })
  honoApp.get('/slow', async c => {
    c.var.session.values.n = 2
    await sleep(5200)
    return c.text('ok')
  })
  await honoApp.request('http://app.test/')
  const slow = honoApp.request('http://app.test/slow')

  const { fastify } = await import('fastify')
  const plugin = await import('silverback/fastify')
  const router = express.Router().use(sessions(login)).get('/', (request, response) => {
    request.session.values.user = 'ann'
    response.send('ok')
  }).get('/next', (request, response, next) => {
    request.session.values.next = 1
    next()
  })
  const inner = express().use(router)
  const fastifyApp = fastify()
  fastifyApp.addHook('onRequest', (request, reply, next) =>
    request.url === '/plain' ? next() : inner(request.raw, reply.raw, next))
  await fastifyApp.register(plugin.sessions(login))
  fastifyApp.get('/next', async request => String(request.session.values.next))
  fastifyApp.get('/plain', async request => {
    request.session.values.user = 'ann'
    return 'ok'
  })
  await fastifyApp.listen({ port: 0, host: '127.0.0.1' })
  port = fastifyApp.server.address().port
  for (const path of ['/', '/next', '/plain']) {
    const response = await ask(path)
    if (response.headers.getSetCookie().length !== 1) throw new Error('cookies for ' + path)
  }

  const { default: session } = await import('silverback/express-session')
  const two = express()
  two.use(session({ secret: 'a'.repeat(32), cookie: { path: '/a' } }))
  two.use(session({ secret: 'b'.repeat(32), cookie: { path: '/b' } }))
  two.get('/b', (request, response) => response.send(request.session.cookie.path))
  two.get('/c', (request, response) => response.send('ok'))
  await listen(two)
  if (await (await fetch('http://127.0.0.1:' + port + '/b')).text() !== '/b') throw new Error('/b')
  await ask('/c')

  // A 304 of Koa and Express keeps the cookie, and browsers take it.
  const { default: Koa } = await import('koa')
  const koa = await import('silverback/koa')
  const koaApp = new Koa()
  koaApp.use(async (ctx, next) => {
    await next()
    if (ctx.fresh) ctx.status = 304
  })
  koaApp.use(koa.sessions(login))
  koaApp.use(ctx => {
    ctx.session.values.user = 'ann'
    ctx.etag = 'a'
    ctx.body = 'ok'
  })
  const expressApp = express()
  expressApp.use(sessions(login))
  expressApp.use((request, response) => {
    request.session.values.user = 'ann'
    response.set('etag', '"a"').send('ok')
  })
  for (const listener of [koaApp.callback(), expressApp]) {
    await listen(listener)
    const response = await ask('/', { 'if-none-match': '"a"', 'cache-control': 'max-age=0' })
    if (response.status !== 304 || !cookieOf(response)) throw new Error(String(response.status))
  }

  await listen(app)
  let cookie = cookieOf(await ask('/own'))
  for (const path of ['/own', '/open', '/read', '/fails', '/flash', '/messages', '/rotate', '/read', '/discard', '/logout']) {
    cookie = cookieOf(await ask(path, { cookie })) ?? cookie
  }
  for (const [domain, path, url, headers] of [
    ['app.test', '/app', 'http://www.app.test/app', {}],
    ['.app.test', '/app/', 'http://APP.test:8080/app/users', {}],
    ['localhost', '/', 'http://localhost:3000/', {}],
    ['app.test', '/', 'http://127.0.0.1:3000/', { 'x-forwarded-host': 'app.test' }],
    [undefined, '/app', 'http://app.test/', { 'x-forwarded-prefix': '/app' }],
    [undefined, '/app', 'http://app.test/users', { referer: 'http://app.test/app/' }],
    [undefined, '/app', 'http://app.test/users', { cookie: 'sid=1' }],
  ]) {
    const other = new ServerStore(memory(), { options: { domain, path, secure: false } })
    const request = new Request(url, { headers })
    const session = await other.get(request, 'sid')
    session.values.user = 'ann'
    await session.save(request, new Headers())
  }
  await slow
`

suite('warnings in development', { concurrency: 2 }, () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

  for (const [what, { code, names, program }] of Object.entries(mistakes)) {
    test(what, async () => {
      const warned = await warningsOf(program, 1)
      assert.deepEqual(
        warned.map(each => each.code),
        [code],
      )
      assert.match(String(warned[0]?.message), names)
      assert.doesNotMatch(String(warned[0]?.message), /secret/)
      assert.match(page, new RegExp(`^### \`${code}\`$`, 'm'))
    })
  }

  test('are emitted without NODE_ENV, too', async () => {
    const program = mistakes['a value on the session itself']?.program as string
    assert.equal((await warningsOf(program, 1, undefined)).length, 1)
  })

  for (const nodeEnv of ['production', 'test', 'staging']) {
    test(`are not emitted where NODE_ENV is ${nodeEnv}`, async () => {
      const programs = Object.values(mistakes).map(
        ({ program }) => `{${program}}\nstore.options = { ...options }`,
      )
      assert.deepEqual(await warningsOf(programs.join('\n'), 0, nodeEnv), [])
    })
  }

  test('are not emitted for a correct app', async () => {
    assert.deepEqual(await warningsOf(correct, 0), [])
  })

  test('are not emitted for a change to a session that another request has ended', async () => {
    const program = `
      let go, reached
      const gate = new Promise(resolve => { go = resolve })
      const isWaiting = new Promise(resolve => { reached = resolve })
      await listen(express()
        .use(sessions(login))
        .get('/slow', async (request, response) => {
          request.session.values.visits = 2
          reached()
          await gate
          response.end()
        })
        .get('/out', (request, response) => { request.session.destroy(); response.end() })
        .get('/', (request, response) => { request.session.values.visits = 1; response.end() }))
      const cookie = cookieOf(await ask())
      const response = ask('/slow', { cookie })
      await isWaiting
      await ask('/out', { cookie })
      go()
      await response
    `
    assert.deepEqual(await warningsOf(program, 0), [])
  })
})
