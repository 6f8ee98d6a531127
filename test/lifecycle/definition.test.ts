import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { type } from 'arktype'
import {
  CookieStore,
  type DefinitionOptions,
  defineSession,
  FilesystemStore,
  ServerStore,
  type Store,
} from 'silverback'
import { cookieStore, go } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import * as v from 'valibot'
import { z } from 'zod'
import { cookieOf, nodeRequest } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'definition-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const schemas = {
  zod: z.object({ user: z.string().optional(), visits: z.number().default(0) }),
  valibot: v.object({ user: v.optional(v.string()), visits: v.optional(v.number(), 0) }),
  arktype: type({ 'user?': 'string', visits: 'number = 0' }),
}

for (const [library, schema] of Object.entries(schemas) as [string, typeof schemas.zod][]) {
  suite(`a definition with ${library}`, () => {
    const stores: Record<string, () => Store> = {
      CookieStore: () => new CookieStore({ keys }),
      FilesystemStore: () => new FilesystemStore(join(folder, library), { keys }),
      ServerStore: () => new ServerStore(memory()),
    }
    for (const [name, open] of Object.entries(stores)) {
      test(`${name}: applies defaults without writing them`, async () => {
        const store = open()
        const login = defineSession(store, 'sid', { schema })
        const each = await Visit.open(store)
        assert.deepEqual(each.session.values, { visits: 0 })
        assert.equal(each.session.isNew, true)
        assert.equal(await each.save(), '')
        const session = await login.get(each.request)
        assert.equal(session, each.session)
        session.values.visits += 1
        const cookie = await each.save()
        const again = await login.get(nodeRequest(cookie))
        assert.deepEqual(again.values, { visits: 1 })
        assert.equal(await visit(store, look, cookie), '')
      })

      test(`${name}: replaces a session that does not match the schema`, async () => {
        const store = open()
        const invalid = await visit(store, session => {
          session.login('ann')
          put({ visits: 'many', _flash: ['x'] })(session)
        })
        defineSession(store, 'sid', { schema })
        const session = await read(store, invalid)
        assert.equal(session.reason, 'schema')
        assert.equal(session.isNew, true)
        assert.deepEqual(session.values, { visits: 0 })
        // Reading it writes nothing.
        assert.equal(await visit(store, look, invalid), '')
        const replaced = await visit(store, put({ visits: 5 }), invalid)
        assert.deepEqual((await read(store, replaced)).values, { visits: 5 })
      })
    }

    test("rejects a session that does not match the schema with onInvalid: 'throw'", async () => {
      const store = new CookieStore({ keys })
      const invalid = await visit(store, put({ visits: 'secretly many' }))
      defineSession(store, 'sid', { schema, onInvalid: 'throw' })
      await assert.rejects(read(store, invalid), (error: Error) => {
        assert.deepEqual({ ...error }, { code: 'schema-mismatch', name: 'SessionError' })
        assert.ok(!String(error).includes('secretly'))
        assert.equal(error.cause, undefined)
        return true
      })
      assert.equal((await read(store, '')).values.visits, 0)
    })

    test('ignores flash messages and other reserved keys', async () => {
      const store = new ServerStore(memory())
      defineSession(store, 'sid', { schema })
      const cookie = await visit(store, session => session.addFlash('hello'))
      const session = await read(store, cookie)
      assert.deepEqual(session.flashes(), ['hello'])
    })
  })
}

suite('versions of a definition', () => {
  const migrations: DefinitionOptions['migrations'] = {
    2: ({ name, ...rest }) => ({ ...rest, user: { name } }),
    3: values => ({ ...values, three: true }),
  }
  /** Makes stores over the same data, as two releases of an application have them. */
  const stores: Record<string, () => () => Store> = {
    CookieStore: () => () => new CookieStore({ keys }),
    ServerStore: () => {
      const backend = memory()
      return () => new ServerStore(backend, { keys, encrypt: true })
    },
    FilesystemStore: () => () => new FilesystemStore(folder, { keys }),
  }

  for (const [name, openData] of Object.entries(stores)) {
    const open = (): Store => openData()()
    const releases = (): [Store, Store] => {
      const openStore = openData()
      return [openStore(), openStore()]
    }

    test(`${name}: migrates values on reading, and stores them with the next change`, async () => {
      const store = open()
      const old = await visit(store, put({ name: 'ann' }))
      defineSession(store, 'sid', { version: 3, migrations })
      assert.deepEqual((await read(store, old)).values, { user: { name: 'ann' }, three: true })
      assert.equal(await visit(store, look, old), '')
      const cookie = await visit(store, put({ four: true }), old)
      const { values } = await read(store, cookie)
      assert.deepEqual(values, { user: { name: 'ann' }, three: true, four: true })
      assert.equal(await visit(store, look, cookie), '')
    })

    test(`${name}: an older release keeps what a newer one has stored, and its version`, async () => {
      const [older, newer] = releases()
      const count = z.object({ visits: z.number().default(0) })
      defineSession(older, 'sid', { schema: count })
      defineSession(newer, 'sid', {
        version: 2,
        schema: count.extend({ theme: z.string().default('light') }),
        migrations: { 2: values => ({ ...values, visits: (values.visits as number) * 100 }) },
      })
      const old = await visit(older, put({ visits: 1 }))
      const migrated = await visit(newer, put({ theme: 'dark' }), old)
      assert.deepEqual((await read(newer, migrated)).values, { visits: 100, theme: 'dark' })
      // A mere read by the older release writes nothing, a change keeps the other's keys.
      assert.equal(await visit(older, look, migrated), '')
      const changed = await visit(older, put({ visits: 101 }), migrated)
      assert.deepEqual((await read(newer, changed)).values, { visits: 101, theme: 'dark' })
    })

    test(`${name}: a strict schema keeps the keys that it does not know`, async () => {
      const [older, newer] = releases()
      defineSession(older, 'sid', { schema: z.strictObject({ visits: z.number().optional() }) })
      const cookie = await visit(newer, put({ visits: 1, theme: 'dark' }))
      assert.equal((await read(older, cookie)).reason, undefined)
      assert.equal(await visit(older, look, cookie), '')
      const changed = await visit(older, put({ visits: 2 }), cookie)
      assert.deepEqual((await read(newer, changed)).values, { visits: 2, theme: 'dark' })
      const invalid = await visit(newer, put({ visits: 'many' }), cookie)
      assert.equal((await read(older, invalid)).reason, 'schema')
    })

    test(`${name}: a newer version that does not fit is left as it is`, async () => {
      const [older, newer] = releases()
      defineSession(older, 'sid', { schema: z.object({ visits: z.number() }) })
      defineSession(newer, 'sid', { version: 2 })
      const cookie = await visit(newer, put({ visits: { home: 1 } }))
      const session = await read(older, cookie)
      assert.deepEqual([session.reason, session.values], [undefined, { visits: { home: 1 } }])
      assert.equal(await visit(older, look, cookie), '')
    })
  }

  test('a migration that throws is handled like a schema mismatch', async () => {
    for (const onInvalid of ['reset', 'throw'] as const) {
      const store = new CookieStore({ keys })
      const old = await visit(store, put({ name: 'ann' }))
      const failing = (): never => {
        throw new Error('ann')
      }
      defineSession(store, 'sid', { version: 2, migrations: { 2: failing }, onInvalid })
      if (onInvalid === 'reset') assert.equal((await read(store, old)).reason, 'schema')
      else {
        await assert.rejects(read(store, old), (error: Error & { code: string }) => {
          assert.deepEqual([error.code, error.cause], ['schema-mismatch', undefined])
          return true
        })
      }
    }
  })

  test('a store that cannot store versions refuses them', () => {
    const refused = { name: 'TypeError', message: /keeps no versions/ }
    assert.throws(() => defineSession(cookieStore('key'), 'sid', { version: 2 }), refused)
    assert.throws(
      () => defineSession(cookieStore('key'), 'sid', { lifetime: { idle: 60 } }),
      /keeps no lifetimes/,
    )
  })
})

suite('keyLifetimes', () => {
  const open = () => {
    const clock = new Clock()
    const { now } = clock
    const store = new ServerStore(memory({ now }), { now })
    defineSession<{ code: string; other: number }>(store, 'sid', { keyLifetimes: { code: 300 } })
    return { clock, store }
  }

  test('remove a key when it expires, whatever else is saved', async () => {
    const { clock, store } = open()
    let cookie = await visit(store, put({ code: '1234', other: 1 }))
    clock.at += 200
    cookie = (await visit(store, put({ other: 2 }), cookie)) || cookie
    clock.at += 99
    assert.equal((await read(store, cookie)).values.code, '1234')
    clock.at += 1
    assert.equal((await read(store, cookie)).values.code, undefined)
    assert.equal((await read(store, cookie)).values.other, 2)
    cookie = (await visit(store, put({ code: '5678' }), cookie)) || cookie
    clock.at += 299
    assert.equal((await read(store, cookie)).values.code, '5678')
  })

  test('start at the last change, not at a save, a rotation or a login that keeps the key', async () => {
    const { clock, store } = open()
    let cookie = await visit(store, put({ code: '1234' }))
    for (const change of ['more', 'rotate', 'login'] as const) {
      clock.at += 75
      const each = await Visit.open(store, cookie)
      if (change === 'more') each.session.values.other = 1
      if (change === 'rotate') each.session.rotate()
      if (change === 'login') each.session.login('ann', { keep: ['code'] })
      cookie = await each.save()
      // A second save in the same request is not a change either.
      clock.at += 5
      each.session.values.again = change
      await each.save()
    }
    clock.at += 59
    assert.equal((await read(store, cookie)).values.code, '1234')
    clock.at += 1
    assert.equal((await read(store, cookie)).values.code, undefined)
  })

  test('a request that saw a key expire does not remove a newer value from another request', async () => {
    const { clock, store } = open()
    const cookie = await visit(store, put({ code: 'old', other: 1 }))
    clock.at += 300
    const slow = await Visit.open(store, cookie)
    assert.equal(slow.session.values.code, undefined)
    await visit(store, put({ code: 'new' }), cookie)
    slow.session.values.other = 2
    await slow.save()
    const session = await read(store, cookie)
    assert.deepEqual([session.values.code, session.values.other], ['new', 2])
    clock.at += 300
    assert.equal((await read(store, cookie)).values.code, undefined)
  })

  test('concurrent changes keep the expiry of each key', async () => {
    const clock = new Clock()
    const { now } = clock
    const store = new ServerStore(memory({ now }), { now })
    defineSession<{ a: number; b: number }>(store, 'sid', { keyLifetimes: { a: 100, b: 200 } })
    const cookie = await visit(store, put({ a: 0, b: 0 }))
    clock.at += 50
    const [one, two] = [await Visit.open(store, cookie), await Visit.open(store, cookie)]
    one.session.values.a = 1
    two.session.values.b = 1
    await one.save()
    await two.save()
    clock.at += 99
    assert.equal((await read(store, cookie)).values.a, 1)
    clock.at += 1
    assert.equal((await read(store, cookie)).values.a, undefined)
    clock.at += 99
    assert.equal((await read(store, cookie)).values.b, 1)
    clock.at += 1
    assert.equal((await read(store, cookie)).values.b, undefined)
  })

  test('a default is not written by itself and gets an expiry once it is written', async () => {
    const clock = new Clock()
    const { now } = clock
    const store = new ServerStore(memory({ now }), { now })
    const schema = z.object({ code: z.string().default('none'), other: z.number().optional() })
    defineSession(store, 'sid', { schema, keyLifetimes: { code: 60 } })
    const each = await Visit.open(store)
    clock.at += 1
    assert.equal(await each.save(), '')
    each.session.values.other = 1
    const cookie = await each.save()
    assert.equal((await read(store, cookie)).values.code, 'none')
  })

  test('a clock that was ahead does not extend a key', async () => {
    const { clock, store } = open()
    const cookie = await visit(store, put({ other: 1 }))
    clock.at += 3600
    await visit(store, put({ code: '1234' }), cookie)
    clock.at -= 3600
    assert.equal((await read(store, cookie)).values.code, undefined)
  })

  test('refuse anything but a positive whole number', () => {
    const store = new CookieStore({ keys })
    assert.throws(() => defineSession(store, 'sid', { keyLifetimes: { code: 0 } }), {
      name: 'RangeError',
      message: /^keyLifetimes\.code must be a whole number of at least 1, not 0/,
    })
  })
})

suite('a definition', () => {
  test('can set cookie attributes and lifetimes', async () => {
    const clock = new Clock()
    const store = new CookieStore({ keys, now: clock.now })
    defineSession(store, 'sid', {
      options: { sameSite: 'strict', path: '/account', maxAge: 600 },
      lifetime: { idle: 1000, absolute: 1500 },
    })
    const each = await Visit.open(store)
    each.session.values.foo = 1
    each.session.remember()
    await each.save()
    const cookie = cookieOf(each.response, 'sid')
    assert.equal(cookie?.sameSite, 'strict')
    assert.equal(cookie?.path, '/account')
    assert.equal(cookie?.maxAge, 1500)
    const other = await store.get(nodeRequest(), 'other')
    assert.equal(other.options.sameSite, 'lax')
    assert.equal(other.lifetime.idle, 86_400)
  })

  test('can be made only once per name', () => {
    const store = new CookieStore({ keys })
    defineSession(store, 'sid')
    assert.throws(() => defineSession(store, 'sid'), {
      name: 'TypeError',
      message: 'session "sid" is already defined; define it once and share the result',
    })
    defineSession(store, 'other')
  })

  test('is replaced, with a warning, when a module is reloaded in development', async context => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    const { NODE_ENV } = process.env
    process.env.NODE_ENV = 'development'
    context.after(() => {
      process.off('warning', listen)
      if (NODE_ENV === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = NODE_ENV
    })
    const store = new CookieStore({ keys })
    defineSession(store, 'sid', { schema: z.object({ a: z.number().default(1) }) })
    defineSession(store, 'sid', { schema: z.object({ a: z.number().default(2) }) })
    assert.deepEqual((await read(store, '')).values, { a: 2 })
    await new Promise(resolve => setImmediate(resolve))
    assert.match(String(warnings[0]), /session "sid" is already defined/)
  })

  test('of a custom store without define() takes no options', async () => {
    const inner = new CookieStore({ keys })
    const custom: Store = {
      get: (request, name) => inner.get(request, name),
      new: (request, name) => inner.new(request, name),
      save: (request, response, session) => inner.save(request, response, session),
    }
    const login = defineSession<{ user?: string }>(custom, 'sid')
    assert.equal((await login.get(nodeRequest())).values.user, undefined)
    assert.throws(() => defineSession(custom, 'sid', { version: 2 }), {
      name: 'TypeError',
      message: /this store has no define\(\)/,
    })
  })

  test('refuses invalid options', () => {
    const store = new CookieStore({ keys })
    const wrong: [DefinitionOptions & { schema?: unknown }, RegExp][] = [
      [{ version: 0 }, /version must be a whole number of at least 1, not 0/],
      [{ onInvalid: 'ignore' as 'reset' }, /onInvalid must be 'reset' or 'throw', not "ignore"/],
      [{ schema: {} }, /schema must be a Standard Schema, not an Object/],
      [{ options: { maxage: 1 } as object }, /unknown cookie option maxage/],
      [{ lifetime: { idle: 0 } }, /lifetime\.idle must be/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => defineSession(store, 'sid', options as DefinitionOptions), message)
    }
    assert.throws(() => defineSession(store, 'no name'), /must be a cookie name, not "no name"/)
    // A refused definition does not occupy the name.
    defineSession(store, 'sid')
  })

  test('accepts a schema that throws and an asynchronous schema', async () => {
    const standard = (validate: (value: unknown) => never) => ({
      '~standard': { version: 1 as const, vendor: 'test', validate },
    })
    const store = new CookieStore({ keys })
    const cookie = await visit(store, put({ foo: 1 }))
    const failing = standard(() => {
      throw new Error('foo')
    })
    defineSession(store, 'sid', { schema: failing })
    assert.equal((await read(store, cookie)).reason, 'schema')
    const later = new CookieStore({ keys })
    defineSession(later, 'sid', {
      schema: standard(((value: unknown) => Promise.resolve({ value })) as () => never),
    })
    assert.deepEqual((await read(later, cookie)).values, { foo: 1 })
  })

  test('handles the key __proto__', async () => {
    const store = new CookieStore({ keys })
    const cookie = await visit(store, ({ values }) => {
      Object.defineProperty(values, '__proto__', { value: { admin: true }, enumerable: true })
    })
    defineSession(store, 'sid', { schema: z.looseObject({}) })
    const { values } = await read(store, cookie)
    assert.equal(Object.getPrototypeOf(values), Object.prototype)
    assert.equal(values.admin, undefined)
  })

  test('keeps Go types and entries whose keys are not strings', async () => {
    const store = cookieStore('hash key')
    const cookie = await visit(store, session => {
      session.values.count = go.int64(7)
      session.keyed.set(42, 'answer')
    })
    const defined = cookieStore('hash key')
    const schema = z.object({ count: z.number().optional(), more: z.number().optional() })
    defineSession(defined, 'sid', { schema })
    const changed = await visit(defined, put({ more: 1 }), cookie)
    const again = await visit(store, session => void delete session.values.more, changed)
    const session = await read(store, again)
    assert.equal(session.values.count, 7)
    assert.deepEqual([...session.keyed], [[42, 'answer']])
    // The payload without time and MAC.
    const payloadOf = (cookie: string): string => {
      const [, value = ''] = cookie.split('=')
      const [, payload = ''] = Buffer.from(value, 'base64url').toString('latin1').split('|')
      return payload
    }
    assert.equal(payloadOf(again), payloadOf(cookie))
  })
})
