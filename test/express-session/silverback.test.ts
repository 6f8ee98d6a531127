/** Behaviour of silverback/express-session that express-session does not have. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { suite, type TestContext, test } from 'node:test'
import createMemoryStore from 'memorystore'
import { type Backend, CookieStore } from 'silverback'
import { sessions } from 'silverback/express'
import session from 'silverback/express-session'
import { memory } from 'silverback/memory'
import { expressSession } from 'silverback/migrate'
import { toExpressStore } from 'silverback/to-express-store'
import { keys } from '../support/keys.ts'
import { until } from '../support/until.ts'
import { gate, type Handler, kitOf, type Library, libraries, type Middleware } from './apps.ts'

const theirs = libraries['express-session']
const oursAt = (context: TestContext, framework = 'Express 5') =>
  kitOf(context, 'silverback', framework)
const theirsAt = (context: TestContext) => kitOf(context, 'express-session', 'Express 5')

const views: Record<string, Handler> = {
  '/': (request, response) => {
    request.session.views = (request.session.views ?? 0) + 1
    response.end(String(request.session.views))
  },
  '/read': (request, response) => response.end(String(request.session.views)),
}

/** A backend that counts its writes. */
function counted(backend: Backend): Backend & { writes: number } {
  const counting = {
    writes: 0,
    load: (...args: Parameters<Backend['load']>) => backend.load(...args),
    delete: (...args: Parameters<Backend['delete']>) => backend.delete(...args),
    create(...args: Parameters<Backend['create']>) {
      counting.writes++
      return backend.create(...args)
    },
    update(...args: Parameters<Backend['update']>) {
      counting.writes++
      return backend.update(...args)
    },
    touch(...args: Parameters<Backend['touch']>) {
      counting.writes++
      return backend.touch(...args)
    },
  }
  return counting
}

suite('silverback/express-session', () => {
  test('shares sessions with express-session in both directions', async context => {
    const backend = memory()
    const store = toExpressStore(theirs.Store, backend)
    const before = (await theirsAt(context).serve({ store }, views))()
    await before.get('/')
    const ours = (await oursAt(context).serve({ store: backend }, views))()
    ours.jar.set('connect.sid', before.jar.get('connect.sid') as string)
    assert.equal((await ours.get('/')).text, '2')
    assert.equal((await before.get('/')).text, '3')
  })

  test('uses the backend of a store made by toExpressStore directly', async context => {
    const counting = counted(memory())
    const store = toExpressStore(theirs.Store, counting)
    const ann = (await oursAt(context).serve({ store }, views))()
    await ann.get('/')
    assert.equal(counting.writes, 1)
  })

  test('shares a store written as a constructor function with express-session', async context => {
    // Such stores call their base class without `new`.
    const MemoryStore = createMemoryStore(session as never)
    const store = new MemoryStore({ checkPeriod: 86_400_000 }) as unknown as object
    const ours = (await oursAt(context).serve({ store }, views))()
    await ours.get('/')
    const after = (await theirsAt(context).serve({ store }, views))()
    after.jar.set('connect.sid', ours.jar.get('connect.sid') as string)
    assert.equal((await after.get('/')).text, '2')
    assert.equal((await ours.get('/')).text, '3')
  })

  test('keeps the expiry in a store that returns the objects that it was given', async context => {
    const kept = new Map<string, unknown>()
    class LiveStore extends session.Store {
      get(id: string, callback: (error: unknown, session: unknown) => void): void {
        callback(null, kept.get(id))
      }
      set(id: string, value: unknown, callback?: () => void): void {
        kept.set(id, value)
        callback?.()
      }
      destroy(id: string, callback?: () => void): void {
        kept.delete(id)
        callback?.()
      }
    }
    const cookie = { maxAge: 60_000 }
    const { serve } = oursAt(context)
    const ann = (
      await serve(
        { store: new LiveStore(), cookie },
        {
          ...views,
          '/cookie': (request, response) => {
            request.session.cart?.push('later')
            const { expires, originalMaxAge } = request.session.cookie
            response.end(JSON.stringify([expires instanceof Date, originalMaxAge]))
          },
          '/cart': (request, response) => {
            request.session.cart = []
            response.end()
          },
        },
      )
    )()
    await ann.get('/cart')
    assert.equal((await ann.get('/cookie')).text, '[true,60000]')
    assert.equal((await ann.get('/cookie')).text, '[true,60000]')
    assert.deepEqual(Reflect.get([...kept.values()][0] as object, 'cart'), ['later', 'later'])
  })

  test('renews an unchanged session only after a twentieth of its lifetime', async context => {
    let time = 1_700_000_000
    const counting = counted(memory({ now: () => time }))
    const store = toExpressStore(session.Store as never, counting, { ttl: 1000, now: () => time })
    const ann = (await oursAt(context).serve({ store }, views))()
    await ann.get('/')
    time += 40
    await ann.get('/read')
    assert.equal(counting.writes, 1)
    time += 20
    await ann.get('/read')
    assert.equal(counting.writes, 2)
    time += 980
    assert.equal((await ann.get('/read')).text, '1')
    time += 1001
    assert.equal((await ann.get('/read')).text, 'undefined')
  })

  test('keeps ids out of the backend', async context => {
    const ids: string[] = []
    const backend = memory()
    const store: Backend = {
      ...counted(backend),
      create: (id, record) => {
        ids.push(id, new TextDecoder().decode(record.data))
        return backend.create(id, record)
      },
    }
    const ann = (await oursAt(context).serve({ store }, views))()
    await ann.get('/')
    const id = decodeURIComponent(ann.jar.get('connect.sid') as string).slice(2, 45)
    assert.equal(ids.length, 2)
    assert.ok(ids.every(text => !text.includes(id)))
  })

  test('reads sessions of another store with legacyReaders and gives them new ids', async context => {
    const old = new theirs.MemoryStore()
    const before = (await theirsAt(context).serve({ store: old }, views))()
    await before.get('/')
    const reader = expressSession({ secrets: ['keyboard cat'], store: old as never })
    const ours = (
      await oursAt(context).serve({ store: memory(), legacyReaders: [reader] }, views)
    )()
    ours.jar.set('connect.sid', before.jar.get('connect.sid') as string)
    assert.equal((await ours.get('/read')).text, '1')
    assert.notEqual(ours.jar.get('connect.sid'), before.jar.get('connect.sid'))
    assert.equal((await ours.get('/')).text, '2')
  })

  test('works in the same app as the middleware of silverback/express', async context => {
    const ours = sessions({
      theme: { store: new CookieStore({ keys }), name: 'theme' },
    }) as unknown as Middleware
    const both: Handler = (request, response) => {
      const { theme } = (request as unknown as { sessions: { theme: { values: object } } }).sessions
      Object.assign(theme.values, { dark: true })
      request.session.user = 'ann'
      response.end()
    }
    for (const order of ['before', 'after']) {
      const serve = oursAt(context).serve({}, { '/': both }, { [order]: [ours] })
      const names = (await (await serve)().get('/')).cookies.map(line => line.split('=')[0])
      assert.deepEqual(names.sort(), ['connect.sid', 'theme'], order)
    }
  })

  test('waits for a save that the handler does not wait for', async context => {
    const ann = (
      await oursAt(context).serve(
        {},
        {
          '/': ({ session }, response) => {
            session.user = 'ann'
            session.save()
            session.theme = 'dark'
            response.end()
          },
          '/read': ({ session }, response) => response.end(`${session.user} ${session.theme}`),
        },
      )
    )()
    await ann.get('/')
    assert.equal((await ann.get('/read')).text, 'ann dark')
  })

  test('names an invalid option and never shows a secret', () => {
    const wrong: [object, RegExp][] = [
      [{ secret: 1 }, /secret must be a string or a Uint8Array, not a number/],
      [{ secret: [] }, /secret option array must not be empty/],
      [{ secret: ['good', ''] }, /secret must not be empty/],
      [{ secret: 's', name: 'a name' }, /name must be a valid cookie name, not a string/],
      [
        { secret: 's', store: new CookieStore({ keys }) },
        /store must be a backend or a store for express-session, not a CookieStore/,
      ],
      [{ secret: 's', ttl: 0 }, /ttl must be a whole number of at least 1, not 0/],
      [{ secret: 's', unset: 'perhaps' }, /unset must be 'keep' or 'destroy', not "perhaps"/],
      [{ secret: 's', genid: 'id' }, /genid must be a function, not a string/],
      [{ secret: 's', cookie: { sameSite: 'loose' } }, /cookie.sameSite must be/],
      [{ secret: 's', cookie: { priority: 'urgent' } }, /cookie.priority must be/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => session(options as never), { message })
    }
  })

  test('refuses an unknown option, suggests the nearest one and lists the known ones', () => {
    const known =
      'secret, store, name, key, cookie, genid, resave, saveUninitialized, rolling, unset, proxy, ttl, legacyReaders'
    const wrong = {
      Secret: ' (did you mean secret?)',
      cookies: ' (did you mean cookie?)',
      saveUninitialised: ' (did you mean saveUninitialized?)',
      reasve: ' (did you mean resave?)',
      sore: ' (did you mean store?)',
      accepts: '',
      maxAge: '',
    }
    for (const [option, hint] of Object.entries(wrong)) {
      assert.throws(() => session({ secret: 's', [option]: 'x' } as never), {
        name: 'TypeError',
        message: `session() has no option ${option}${hint}; it has ${known}`,
      })
    }
  })

  test('accepts every option of express-session', () => {
    session({
      secret: ['s'],
      name: 'sid',
      key: 'sid',
      store: new session.MemoryStore(),
      cookie: {
        maxAge: 1000,
        expires: new Date(),
        path: '/',
        domain: 'example.com',
        httpOnly: true,
      },
      genid: () => 'id',
      resave: true,
      saveUninitialized: true,
      rolling: true,
      unset: 'destroy',
      proxy: true,
      ttl: 60,
      legacyReaders: [],
    })
  })

  test('refuses an unknown cookie option, but accepts those that express-session ignores', async context => {
    assert.throws(() => session({ secret: 's', cookie: { samesite: 'lax' } } as never), {
      name: 'TypeError',
      message:
        /^cookie has no option samesite \(did you mean sameSite\?\); it has maxAge, expires, path, /,
    })
    session({ secret: 's', cookie: { signed: true, overwrite: true, originalMaxAge: 1 } as never })
    const ann = (await oursAt(context).serve({ cookie: () => ({ samesite: 'lax' }) }, views))()
    assert.match((await ann.get('/')).text, /failed: cookie has no option samesite/)
  })

  test('verifies at most eight of the cookies with the name', async context => {
    const visitor = await oursAt(context).serve({}, views)
    const ann = visitor()
    await ann.get('/')
    const value = ann.jar.get('connect.sid')
    const behind = async (planted: string): Promise<string> =>
      (await visitor().get('/read', { headers: { cookie: `${planted}connect.sid=${value}` } })).text
    assert.equal(await behind('connect.sid=s%3Aplanted.x; '.repeat(7)), '1')
    assert.equal(await behind('connect.sid=s%3Aplanted.x; '.repeat(8)), 'undefined')
    // Cookies that cannot be a signed id cost nothing and do not count.
    assert.equal(await behind('connect.sid=planted; '.repeat(100)), '1')
  })

  test('keeps the cookie attributes of a copied session', async context => {
    const attributes = { maxAge: 60_000, sameSite: 'lax', priority: 'high' }
    const ann = (
      await oursAt(context).serve(
        { cookie: attributes },
        {
          ...views,
          '/json': (request, response) => copy(request, response, JSON.stringify(request.session)),
          '/spread': (request, response) => copy(request, response, { ...request.session }),
          '/theirs': (request, response) =>
            copy(request, response, { cookie: new theirs.Cookie(attributes) }),
        },
      )
    )()
    const copy = (
      request: Parameters<Handler>[0],
      response: Parameters<Handler>[1],
      old: object | string,
    ): void => {
      request.session.regenerate(() => {
        Object.assign(request.session, typeof old === 'string' ? JSON.parse(old) : old)
        response.end()
      })
    }
    await ann.get('/')
    for (const path of ['/json', '/spread', '/theirs']) {
      const [line = ''] = (await ann.get(path)).cookies
      assert.match(line, /; Path=\/; Expires=[^;]+; HttpOnly; Priority=High; SameSite=Lax$/, path)
    }
  })

  test('limits Expires to the year 9999, the last that browsers accept', async context => {
    const ann = (await oursAt(context).serve({ cookie: { maxAge: 8e15 } }, views))()
    assert.match((await ann.get('/')).cookies[0] ?? '', /Expires=Fri, 31 Dec 9999 23:59:59 GMT/)
    assert.equal((await ann.get('/')).text, '2')
  })

  test('fails a request that sets an invalid expiry, without saving it', async context => {
    const set =
      (cookie: object): Handler =>
      (request, response) => {
        request.session.views = 100
        Object.assign(request.session.cookie, cookie)
        response.end()
      }
    const ann = (
      await oursAt(context).serve(
        {},
        {
          ...views,
          '/infinite': set({ maxAge: Number.POSITIVE_INFINITY }),
          '/invalid': set({ expires: new Date(Number.NaN) }),
        },
      )
    )()
    await ann.get('/')
    for (const path of ['/infinite', '/invalid']) {
      const page = await ann.get(path)
      assert.equal(page.status, 500)
      assert.match(page.text, /cookie.expires must be a valid date/)
      assert.deepEqual(page.cookies, [])
    }
    assert.equal((await ann.get('/read')).text, '1')
  })

  test('reports any value that is thrown while a session is saved as an error', async context => {
    const throwing = (value: unknown): object => ({
      toJSON() {
        throw value
      },
    })
    const routes = Object.entries({ undefined, null: null, route: 'route', router: 'router' })
    const visitor = await oursAt(context).serve(
      {},
      Object.fromEntries(
        routes.flatMap(([name, value]): [string, Handler][] => [
          [
            `/${name}`,
            (request, response) => {
              request.session.lazy = throwing(value)
              response.end('done')
            },
          ],
          [
            `/save/${name}`,
            (request, response) => {
              request.session.lazy = throwing(value)
              request.session.save(error => {
                delete request.session.lazy
                response.end(String(error))
              })
            },
          ],
        ]),
      ),
    )
    for (const [name] of routes) {
      const message = `the session failed with the value ${name}`
      const page = await visitor().get(`/${name}`)
      assert.deepEqual([page.status, page.text], [500, `failed: ${message}`])
      assert.equal((await visitor().get(`/save/${name}`)).text, `Error: ${message}`)
    }
  })

  test('saves a session again that it has saved with deeply nested values', async context => {
    const depth = 3000
    const ann = (
      await oursAt(context).serve(
        {},
        {
          ...views,
          '/deep': (request, response) => {
            request.session.body = JSON.parse('['.repeat(depth) + ']'.repeat(depth))
            response.end('done')
          },
        },
      )
    )()
    assert.equal((await ann.get('/deep')).text, 'done')
    assert.deepEqual([(await ann.get('/')).text, (await ann.get('/')).text], ['1', '2'])
  })

  test('warns about changes after the response that cannot be saved', async context => {
    const warnings: string[] = []
    const listen = (warning: Error & { code?: string }): void => {
      if (warning.code === 'SILVERBACK_LATE_CHANGE') warnings.push(warning.message)
    }
    process.on('warning', listen)
    context.after(() => process.off('warning', listen))
    let received = gate()
    const late =
      (change: (session: Parameters<Handler>[0]['session']) => void): Handler =>
      async ({ session }, response) => {
        response.write('part')
        await received.opened
        change(session)
        response.end()
      }
    const ann = (
      await oursAt(context).serve(
        {},
        {
          ...views,
          '/save': late(session => {
            session.id_ = 1n
            session.save()
            delete session.id_
          }),
          '/cookie': late(session => Object.assign(session, { a: 1, cookie: null })),
          '/nameless': late(session => {
            session.lazy = {
              toJSON() {
                throw Object.create(null)
              },
            }
          }),
          '/failed': ({ session }, response) => {
            session.views = 1n
            response.end()
          },
        },
      )
    )()
    await ann.get('/')
    for (const [index, path] of ['/save', '/cookie', '/nameless'].entries()) {
      received = gate()
      const page = await ann.open(path)
      received.open()
      await page.text()
      await until(`a warning about ${path}`, () => warnings.length > index)
    }
    await ann.get('/failed')
    // Time for more warnings.
    await new Promise(resolve => setTimeout(resolve, 20))
    const start = 'changes to a session after its response was sent could not be saved: '
    assert.deepEqual(
      warnings.map(message => message.replace(start, '')),
      [
        'Do not know how to serialize a BigInt',
        'session.cookie must be an object, not null',
        'unknown error',
      ],
    )
    assert.equal((await ann.get('/read')).text, '1')
  })

  test('warns once about a short secret and about a secure cookie over HTTP', async context => {
    const warnings: string[] = []
    const listen = (warning: Error & { code?: string }): void => {
      if (warning.code?.startsWith('SILVERBACK_')) warnings.push(warning.code)
    }
    process.on('warning', listen)
    context.after(() => process.off('warning', listen))
    const visitor = await oursAt(context).serve({ cookie: { secure: true } }, views)
    await visitor().get('/')
    await visitor().get('/')
    await new Promise(resolve => setImmediate(resolve))
    assert.ok(warnings.filter(code => code === 'SILVERBACK_PLAIN_CONNECTION').length === 1)
    assert.ok(warnings.filter(code => code === 'SILVERBACK_SHORT_SECRET').length <= 1)
  })

  test('has the same properties as express-session', () => {
    const names = (library: object): string[] =>
      Object.keys(library).filter(name => typeof Reflect.get(library, name) === 'function')
    assert.deepEqual(names(session).sort(), names(theirs).sort())
    assert.ok(new session.MemoryStore() instanceof session.Store)
    const module = createRequire(import.meta.url)('express-session') as Library
    assert.equal(typeof module, typeof session)
  })
})
