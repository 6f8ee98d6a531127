/** What ours does beside what express-session does. */

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
import { type Handler, kitOf, type Library, libraries, type Middleware } from './apps.ts'

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

/** A backend that counts what it is asked to write. */
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
  test('goes on with the sessions of express-session, and back', async context => {
    const backend = memory()
    const store = toExpressStore(theirs.Store, backend)
    const before = (await theirsAt(context).serve({ store }, views))()
    await before.get('/')
    const ours = (await oursAt(context).serve({ store: backend }, views))()
    ours.jar.set('connect.sid', before.jar.get('connect.sid') as string)
    assert.equal((await ours.get('/')).text, '2')
    assert.equal((await before.get('/')).text, '3')
  })

  test('keeps full promises over a store that toExpressStore made', async context => {
    const counting = counted(memory())
    const store = toExpressStore(theirs.Store, counting)
    const ann = (await oursAt(context).serve({ store }, views))()
    await ann.get('/')
    assert.equal(counting.writes, 1)
  })

  test('shares a store of old style with express-session, and back', async context => {
    // Such stores call the class that they derive from without `new`.
    const MemoryStore = createMemoryStore(session as never)
    const store = new MemoryStore({ checkPeriod: 86_400_000 }) as unknown as object
    const ours = (await oursAt(context).serve({ store }, views))()
    await ours.get('/')
    const after = (await theirsAt(context).serve({ store }, views))()
    after.jar.set('connect.sid', ours.jar.get('connect.sid') as string)
    assert.equal((await after.get('/')).text, '2')
    assert.equal((await ours.get('/')).text, '3')
  })

  test('writes nothing for an unchanged session before a twentieth of its life is over', async context => {
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

  test('takes visitors over from another store, under new ids', async context => {
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

  test('works beside a session of this library', async context => {
    const beside = sessions({
      theme: { store: new CookieStore({ keys }), name: 'theme' },
    }) as unknown as Middleware
    const both: Handler = (request, response) => {
      const { theme } = (request as unknown as { sessions: { theme: { values: object } } }).sessions
      Object.assign(theme.values, { dark: true })
      request.session.user = 'ann'
      response.end()
    }
    for (const order of ['before', 'after']) {
      const serve = oursAt(context).serve({}, { '/': both }, { [order]: [beside] })
      const names = (await (await serve)().get('/')).cookies.map(line => line.split('=')[0])
      assert.deepEqual(names.sort(), ['connect.sid', 'theme'], order)
    }
  })

  test('waits for a save that nobody waits for', async context => {
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

  test('names the wrong option, and never shows a secret', () => {
    const wrong: [object, RegExp][] = [
      [{}, /secret must be a string or a Uint8Array, not undefined/],
      [{ secret: ['good', ''] }, /secret must not be empty/],
      [{ secret: 's', name: 'a name' }, /name must be the name of a cookie, not a string/],
      [
        { secret: 's', store: new CookieStore({ keys }) },
        /store must be a backend or a store for express-session, not a CookieStore/,
      ],
      [{ secret: 's', ttl: 0 }, /ttl must be a whole number of at least 1, not 0/],
      [{ secret: 's', unset: 'perhaps' }, /unset must be 'keep' or 'destroy', not a string/],
      [{ secret: 's', cookie: { sameSite: 'loose' } }, /cookie.sameSite must be/],
      [{ secret: 's', cookie: { priority: 'urgent' } }, /cookie.priority must be/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => session(options as never), { message })
    }
  })

  test('warns once of a short secret, and of a secure cookie over a plain connection', async context => {
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

  test('has the properties of express-session', () => {
    const names = (library: object): string[] =>
      Object.keys(library).filter(name => typeof Reflect.get(library, name) === 'function')
    assert.deepEqual(names(session).sort(), names(theirs).sort())
    assert.ok(new session.MemoryStore() instanceof session.Store)
    const module = createRequire(import.meta.url)('express-session') as Library
    assert.equal(typeof module, typeof session)
  })
})
