import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { Backend } from 'silverback'
import { memory } from 'silverback/memory'
import { toExpressStore } from 'silverback/to-express-store'
import { gate } from '../../src/testing/adapters/stores.ts'

interface Session {
  cookie: { expires?: Date | string | null; maxAge?: number | null; originalMaxAge?: number | null }
  user?: string
  visits?: number
  regenerate(callback: (error: unknown) => void): void
  reload(callback: (error: unknown) => void): void
  save(callback: (error: unknown) => void): void
  destroy(callback: (error: unknown) => void): void
}
interface Store {
  get(sid: string, callback: (error: unknown, session?: Session) => void): void
  set(sid: string, session: object, callback?: (error: unknown) => void): void
  touch(sid: string, session: object, callback?: (error: unknown) => void): void
  destroy(sid: string, callback?: (error: unknown) => void): void
  load(sid: string, callback: (error: unknown, session?: Session) => void): void
}
type Body = Record<string, unknown>

interface SessionModule {
  (options: object): RequestHandler
  Store: abstract new () => Store
}
const session = createRequire(import.meta.url)('express-session') as SessionModule

const of = (request: Request): Session => (request as unknown as { session: Session }).session
const done =
  (response: Response) =>
  (error: unknown): void => {
    response.status(error ? 500 : 200).json({ error: error ? String(error) : undefined })
  }

/** Starts an app with sessions in the backend, and returns a visitor that holds a single cookie. */
async function visit(
  context: TestContext,
  backend: Backend,
  options: { cookie?: object; [name: string]: unknown } = {},
  slow: () => Promise<void> = () => Promise.resolve(),
) {
  const app = express()
  app.use(
    session({
      secret: 'a secret of the test',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 60_000 },
      ...options,
      store: toExpressStore(session.Store, backend),
    }),
  )
  app.post('/login/:user', (request, response) => {
    of(request).regenerate(error => {
      if (error) return done(response)(error)
      of(request).user = request.params.user
      of(request).save(done(response))
    })
  })
  app.post('/change', (request, response) => {
    of(request).visits = (of(request).visits ?? 0) + 1
    response.json({ visits: of(request).visits })
  })
  app.post('/slowly', async (request, response) => {
    of(request).visits = 100
    response.write(' ')
    await slow()
    response.end('{}')
  })
  app.post('/logout', (request, response) => {
    of(request).destroy(done(response))
  })
  app.get('/', (request, response) => {
    const { user, visits, cookie } = of(request)
    response.json({ user, visits, maxAge: cookie.maxAge })
  })
  app.get('/reload', (request, response) => {
    of(request).reload(error => {
      response.json({ error: error ? String(error) : undefined, visits: of(request).visits })
    })
  })
  app.use(((error, _, response, next) => {
    if (response.headersSent) next(error)
    else response.status(500).json({ error: String(error) })
  }) as express.ErrorRequestHandler)
  const server = app.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  context.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  let jar = ''
  async function send(method: string, path: string, cookie = jar): Promise<Body> {
    const headers = { cookie, connection: 'close' }
    const response = await fetch(url + path, { method, headers })
    const [line] = response.headers.getSetCookie()
    if (line !== undefined) jar = line.split(';')[0] as string
    return JSON.parse(await response.text())
  }
  return {
    get cookie(): string {
      return jar
    },
    get: (path: string, cookie?: string): Promise<Body> => send('GET', path, cookie),
    post: (path: string, cookie?: string): Promise<Body> => send('POST', path, cookie),
  }
}

const called = <T>(run: (callback: (error: unknown, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    run((error, value) => (error ? reject(error) : resolve(value as T))),
  )

/** What a slow request waits for: it has begun when `reached` resolves, and goes on after `release`. */
function held(): { slow: () => Promise<void>; reached: Promise<void>; release: () => void } {
  const [begun, released] = [gate(), gate()]
  const slow = (): Promise<void> => {
    begun.open()
    return released.opened
  }
  return { slow, reached: begun.opened, release: released.open }
}

suite('to-express-store in an Express app', () => {
  test('signs in, changes the session and signs out', async context => {
    const visitor = await visit(context, memory())
    assert.equal((await visitor.get('/')).user, undefined)
    assert.equal(visitor.cookie, '')
    await visitor.post('/login/ann')
    const first = visitor.cookie
    assert.notEqual(first, '')
    assert.deepEqual(await visitor.post('/change'), { visits: 1 })
    assert.deepEqual(await visitor.post('/change'), { visits: 2 })
    const { user, visits } = await visitor.get('/')
    assert.deepEqual({ user, visits }, { user: 'ann', visits: 2 })
    assert.deepEqual(await visitor.get('/reload'), { visits: 2 })
    // Another login makes another session and destroys the old one.
    await visitor.post('/login/bob')
    assert.notEqual(visitor.cookie, first)
    assert.equal((await visitor.get('/', first)).user, undefined)
    await visitor.post('/logout')
    assert.equal((await visitor.get('/')).user, undefined)
  })

  test('only touches the record when a request changes nothing', async context => {
    let now = Math.floor(Date.now() / 1000)
    const backend = memory({ now: () => now })
    const calls: string[] = []
    const watched: Backend = {
      load: id => backend.load(id),
      create(id, record) {
        calls.push('create')
        return backend.create(id, record)
      },
      update(id, record, version) {
        calls.push('update')
        return backend.update(id, record, version)
      },
      touch(id, expires) {
        calls.push('touch')
        return backend.touch(id, expires)
      },
      delete: id => backend.delete(id),
    }
    const visitor = await visit(context, watched)
    await visitor.post('/login/ann')
    // express-session saves a regenerated session again at the end of the request.
    assert.deepEqual(calls.splice(0), ['create', 'update'])
    await visitor.get('/')
    await visitor.post('/change')
    assert.deepEqual(calls, ['touch', 'update'])
    now += 60
    assert.equal((await visitor.get('/')).user, 'ann')
    now += 61
    assert.equal((await visitor.get('/')).user, undefined)
  })

  test('reads a session with the expiry that touch has set', async () => {
    const backend = memory()
    const store = toExpressStore(session.Store, backend)
    const expiresIn = (seconds: number) => ({
      cookie: {
        originalMaxAge: 60_000,
        expires: new Date(Math.ceil(Date.now() / 1000 + seconds) * 1000),
      },
    })
    const [soon, later] = [expiresIn(60), expiresIn(120)]
    await called(callback => store.set('a', soon, callback))
    await called(callback => store.touch('a', later, callback))
    const read = await called<Session>(callback => store.get('a', callback))
    assert.deepEqual(read.cookie.expires, later.cookie.expires)
    assert.equal(read.cookie.originalMaxAge, 60_000)
    const loaded = await called<Session>(callback => store.load('a', callback))
    assert.ok((loaded.cookie.maxAge as number) > 60_000)
  })

  test('keeps a session destroyed when a slow request saves it', async context => {
    const { slow, reached, release } = held()
    const backend = memory()
    const visitor = await visit(context, backend, {}, slow)
    await visitor.post('/login/ann')
    const { cookie } = visitor
    const response = visitor.post('/slowly')
    await reached
    await visitor.post('/logout', cookie)
    release()
    await response
    assert.equal((await visitor.get('/', cookie)).user, undefined)
  })

  test('lets the last of two concurrent saves win', async context => {
    const { slow, reached, release } = held()
    const visitor = await visit(context, memory(), {}, slow)
    await visitor.post('/login/ann')
    const response = visitor.post('/slowly')
    await reached
    await visitor.post('/change')
    release()
    await response
    const { user, visits } = await visitor.get('/')
    assert.deepEqual({ user, visits }, { user: 'ann', visits: 100 })
  })

  test('keeps a session for the ttl when its cookie has no expiry', async context => {
    const visitor = await visit(context, memory(), { cookie: {} })
    await visitor.post('/login/ann')
    assert.deepEqual(await visitor.get('/'), { user: 'ann', maxAge: null })
    const expiries: number[] = []
    const backend: Backend = {
      ...memory(),
      create: async (_, record) => {
        expiries.push(record.expires)
        return { status: 'created', version: 1 }
      },
    }
    const store = toExpressStore(session.Store, backend, { ttl: 100, now: () => 1000 })
    for (const expires of [null, undefined, 'no date']) {
      await called(callback => store.set('a', { cookie: { expires } }, callback))
    }
    assert.deepEqual(expiries, [1100, 1100, 1100])
  })

  test('passes a backend failure to the error handler', async context => {
    const failing: Backend = {
      ...memory(),
      load: () => Promise.reject(new Error('backend is down')),
      create: async () => ({ status: 'created', version: 1 }),
    }
    const visitor = await visit(context, failing)
    await visitor.post('/change')
    assert.deepEqual(await visitor.get('/'), { error: 'Error: backend is down' })
  })
})

suite('to-express-store without a request', () => {
  const cookie = { expires: null }

  test('overwrites and recreates plain objects', async () => {
    const store = toExpressStore(session.Store, memory())
    const [one, two] = [
      { cookie, value: 1 },
      { cookie, value: 2 },
    ]
    for (const value of [one, two, one]) await called(callback => store.set('a', value, callback))
    await called(callback => store.set('b', one, callback))
    await called(callback => store.destroy('a', callback))
    assert.equal(await called(callback => store.get('a', callback)), null)
    await called(callback => store.set('a', one, callback))
    assert.deepEqual(await called(callback => store.get('a', callback)), one)
    assert.deepEqual(await called(callback => store.get('b', callback)), one)
    // Callbacks may be left out.
    store.set('c', two)
    store.touch('c', two)
    store.destroy('c')
  })

  test('accepts any id and never shows it to the backend', async () => {
    const seen: string[] = []
    const backend = memory()
    const store = toExpressStore(session.Store, {
      ...backend,
      load(id) {
        seen.push(id)
        return backend.load(id)
      },
      create: (id, record) => backend.create(id, record),
      update: (id, record, version) => backend.update(id, record, version),
    })
    const ids = ['a b', '../x', 'ü', '', 'x'.repeat(5000), '__proto__']
    for (const id of ids) {
      await called(callback => store.set(id, { cookie, id }, callback))
      assert.deepEqual(await called(callback => store.get(id, callback)), { cookie, id })
    }
    for (const id of seen) assert.match(id, /^[\w-]{43}$/)
    assert.equal(new Set(seen).size, ids.length)
  })

  test('rejects a record that holds no session, without quoting it', async () => {
    for (const text of ['secret', '"secret"', 'null', '']) {
      const store = toExpressStore(session.Store, {
        ...memory(),
        load: async () => ({ data: new TextEncoder().encode(text), expires: 9e9, version: 1 }),
      })
      await assert.rejects(
        called(callback => store.get('a', callback)),
        {
          message: 'the record holds no session of express-session',
        },
      )
    }
  })

  test('rejects when a session cannot be serialized or written', async () => {
    const store = toExpressStore(session.Store, memory())
    const cyclic: { cookie: object; self?: object } = { cookie }
    cyclic.self = cyclic
    await assert.rejects(
      called(callback => store.set('a', cyclic, callback)),
      TypeError,
    )
    const busy = toExpressStore(session.Store, {
      ...memory(),
      load: async () => undefined,
      create: async () => ({ status: 'exists' }),
    })
    await assert.rejects(
      called(callback => busy.set('a', { cookie }, callback)),
      { code: 'conflict', message: 'gave up after 20 conflicting writes of the session' },
    )
  })

  test('refuses unknown and invalid options', () => {
    assert.throws(() => toExpressStore(session.Store, memory(), { maxAge: 5 } as never), {
      name: 'TypeError',
      message: 'toExpressStore has no option maxAge; it has ttl, now',
    })
    for (const ttl of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => toExpressStore(session.Store, memory(), { ttl }), /^RangeError: ttl must/)
    }
  })
})
