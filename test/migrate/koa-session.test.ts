import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import Keygrip from 'keygrip'
import Koa from 'koa'
import oldSessions from 'koa-session'
import type { Values } from 'silverback'
import { koaSession } from 'silverback/migrate'
import { found, inYears, login, testMove } from './move.ts'

const keys = ['newest key', 'older key']

function oldApp(options: object, signers: string[] | Keygrip = keys): RequestListener {
  const app = new Koa()
  app.keys = signers
  app.use(oldSessions(options as never, app as never) as never)
  app.use(ctx => {
    const { session } = ctx as unknown as { session: Values & { toJSON(): Values } }
    if (ctx.path === '/login') Object.assign(session, login)
    ctx.body = JSON.stringify(session.toJSON())
  })
  return app.callback()
}

/** A store in memory. */
function storeOf() {
  const records = new Map<string, unknown>()
  return {
    records,
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => void records.set(key, value),
    destroy: async (key: string) => void records.delete(key),
  }
}

testMove('from koa-session', () => ({
  old: oldApp({}),
  reader: changed => koaSession({ keys, ...changed }),
  others: {
    'another key': koaSession({ keys: ['another'] }),
    'another name': koaSession({ keys, cookie: 'other' }),
    'another hash': koaSession({ keys, hash: 'sha256' }),
    'an external store': koaSession({ keys, load: () => undefined }),
    expired: koaSession({ keys, now: inYears(1) }),
  },
  cookies: ['koa.sess', 'koa.sess.sig'],
}))

testMove('from koa-session with a Keygrip, an older key and a cookie without a date', () => ({
  old: oldApp({ key: 'app', maxAge: 'session' }, new Keygrip(['older key'], 'sha256')),
  reader: changed => koaSession({ keys, cookie: 'app', hash: 'sha256', ...changed }),
  others: {
    'without the older key': koaSession({ keys: ['newest key'], cookie: 'app', hash: 'sha256' }),
  },
  cookies: ['app', 'app.sig'],
}))

testMove('from koa-session with an external store', () => {
  const store = storeOf()
  const load = (key: string) => store.records.get(key)
  return {
    old: oldApp({ store, prefix: 'shop:' }),
    reader: changed => koaSession({ keys, load, ...changed }),
    others: {
      'another key': koaSession({ keys: ['another'], load }),
      'without load': koaSession({ keys }),
      'a store that has lost it': koaSession({ keys, load: async () => null }),
      expired: koaSession({ keys, load, now: inYears(1) }),
    },
    cookies: ['koa.sess', 'koa.sess.sig'],
  }
})

suite('koa-session: content', () => {
  const sign = new Keygrip(keys)
  const sent = (value: string) => ({
    'koa.sess': value,
    'koa.sess.sig': sign.sign(`koa.sess=${value}`),
  })
  const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64')

  for (const [content, isAlive] of [
    [{ _expire: 1_000_001, _maxAge: 60_000, a: 1 }, true],
    [{ _expire: 999_999, a: 1 }, false],
    [{ _session: true, a: 1 }, true],
    [{ a: 1 }, true],
  ] as const) {
    test(`treats ${JSON.stringify(content)} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      const values = await found(koaSession({ keys, now: () => 1000 }), sent(encoded(content)))
      assert.deepEqual(values, isAlive ? { a: 1 } : undefined)
    })
  }

  for (const content of [null, 'text', 1, [1]]) {
    test(`finds no session in ${JSON.stringify(content)}`, async () => {
      assert.equal(await found(koaSession({ keys }), sent(encoded(content))), undefined)
      assert.equal(await found(koaSession({ keys, load: () => content }), sent('key')), undefined)
    })
  }

  test('treats __proto__ as an ordinary key', async () => {
    const json = Buffer.from('{"__proto__":{"isAdmin":true}}').toString('base64')
    const values = await found(koaSession({ keys }), sent(json))
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('does not look up keys that are not signed', async () => {
    const reader = koaSession({ keys, load: () => assert.fail('called') })
    assert.equal(await found(reader, { 'koa.sess': 'key' }), undefined)
    assert.equal(await found(reader, { ...sent('key'), 'koa.sess': 'other' }), undefined)
    assert.equal(await found(reader, sent('')), undefined)
  })

  test('rejects when load does', async () => {
    const down = new Error('down')
    const reader = koaSession({ keys, load: () => Promise.reject(down) })
    await assert.rejects(found(reader, sent('key')), down)
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => koaSession({ keys, ...wrong } as never)
    assert.throws(options({ keys: [] }), /^TypeError: keys must not be an empty array/)
    assert.throws(options({ load: 'x' }), /^TypeError: load must be a function, not a string/)
    assert.throws(options({ key: 'x' }), /^TypeError: koaSession has no option key/)
  })
})
