import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import express, { type RequestHandler } from 'express'
import oldSessions from 'express-session'
import type { Values } from 'silverback'
import { type ExpressSessionStore, expressSession } from 'silverback/migrate'
import { keys } from '../support/keys.ts'
import { Browser, ownApp, serve } from './app.ts'
import { found, inYears, login, testMove } from './move.ts'

const secrets = ['newest secret', 'older secret']
const { MemoryStore } = oldSessions as unknown as { MemoryStore: new () => ExpressSessionStore }

function oldApp(options: object): RequestListener {
  const app = express()
  const defaults = { resave: false, saveUninitialized: false }
  app.use(oldSessions({ ...defaults, ...options }) as unknown as RequestHandler)
  app.get('/login', (request, response) => {
    Object.assign((request as unknown as { session: object }).session, login)
    response.end()
  })
  app.get('/', (request, response) => {
    const { cookie: _, ...values } = (request as unknown as { session: Values }).session
    response.json(values)
  })
  return app
}

function signed(id: string, secret = 'newest secret'): string {
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
  return encodeURIComponent(`s:${id}.${signature}`)
}

testMove('from express-session', () => {
  const store = new MemoryStore()
  return {
    old: oldApp({ secret: secrets, store }),
    reader: changed => expressSession({ secrets, store, ...changed }),
    others: {
      'another secret': expressSession({ secrets: ['another'], store }),
      'another store': expressSession({ secrets, store: new MemoryStore() }),
      'another name': expressSession({ secrets, store, cookie: 'other' }),
    },
    cookies: ['connect.sid'],
  }
})

testMove('from express-session with maxAge, an older secret and a custom cookie name', () => {
  const store = new MemoryStore()
  const cookie = 'app'
  return {
    old: oldApp({ secret: 'older secret', store, name: cookie, cookie: { maxAge: 60_000 } }),
    reader: changed => expressSession({ secrets, store, cookie, ...changed }),
    others: {
      'without the older secret': expressSession({ secrets: ['newest secret'], store, cookie }),
      expired: expressSession({ secrets, store, cookie, now: inYears(1) }),
    },
    cookies: [cookie],
  }
})

suite('express-session: records', () => {
  const sent = { 'connect.sid': signed('id') }
  const loading = (record: unknown, now = () => 1000) =>
    expressSession({ secrets, now, load: async id => (id === 'id' ? (record as object) : null) })

  test('loads records with the option `load`', async () => {
    assert.deepEqual(await found(loading({ cookie: {}, a: 1 }), sent), { a: 1 })
    assert.deepEqual(await found(loading({ a: 1 }), sent), { a: 1 })
    assert.equal(await found(loading({ a: 1 }), { 'connect.sid': signed('other') }), undefined)
  })

  for (const [expires, isAlive] of [
    [null, true],
    [false, true],
    [undefined, true],
    ['1970-01-01T00:16:41.000Z', true],
    [new Date(1_000_001), true],
    [1_000_001, true],
    ['1970-01-01T00:16:40.000Z', false],
    [new Date(1_000_000), false],
    ['whenever', false],
    [new Date(Number.NaN), false],
  ] as const) {
    test(`treats a record whose cookie expires at ${String(expires)} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      const values = await found(loading({ cookie: { expires }, a: 1 }), sent)
      assert.deepEqual(values, isAlive ? { a: 1 } : undefined)
    })
  }

  for (const record of [null, undefined, 'text', 1, false]) {
    test(`finds no session in the record ${String(record)}`, async () => {
      assert.equal(await found(loading(record), sent), undefined)
    })
  }

  test('treats __proto__ as an ordinary key', async () => {
    const values = await found(loading(JSON.parse('{"__proto__":{"isAdmin":true}}')), sent)
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('accepts ids with dots and with characters that cookies must encode', async () => {
    const ids: string[] = []
    const reader = expressSession({
      secrets,
      load: async id => {
        ids.push(id)
        return { a: 1 }
      },
    })
    for (const id of ['a.b.c', 'ü;=,"', '']) {
      assert.deepEqual(await found(reader, { 'connect.sid': signed(id) }), { a: 1 })
    }
    assert.deepEqual(ids, ['a.b.c', 'ü;=,"', ''])
  })

  test('does not look up ids that are not signed', async () => {
    const reader = expressSession({ secrets, load: () => assert.fail('load was called') })
    for (const text of ['id', 's:id', 's:id.', 's:id.AAAA', 'j:{}', signed('id').slice(4)]) {
      assert.equal(await found(reader, { 'connect.sid': text }), undefined)
    }
    assert.equal(await found(reader, { 'connect.sid': signed('id', 'another') }), undefined)
  })
})

suite('express-session: stores that fail', () => {
  const sent = { 'connect.sid': signed('id') }
  const down = new Error('down')
  const failing: Record<string, ExpressSessionStore> = {
    'reports an error': { get: (_, callback) => callback(down) },
    throws: {
      get: () => {
        throw down
      },
    },
    rejects: { get: () => Promise.reject(down) },
  }
  for (const [how, store] of Object.entries(failing)) {
    test(`rejects when the store ${how}`, async () => {
      await assert.rejects(found(expressSession({ secrets, store }), sent), down)
    })
  }

  test('keeps the cookie when the store fails', async () => {
    const store = failing.throws as ExpressSessionStore
    const url = await serve(ownApp({ keys, legacyReaders: [expressSession({ secrets, store })] }))
    const browser = new Browser()
    browser.set('connect.sid', signed('id'))
    await assert.rejects(browser.visit(url), /500 Error: down/)
    assert.deepEqual(browser.cookies(), sent)
  })

  test('treats a missing file as a missing session', async () => {
    const error = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    const store: ExpressSessionStore = { get: (_, callback) => callback(error) }
    assert.equal(await found(expressSession({ secrets, store }), sent), undefined)
  })
})

suite('express-session: options', () => {
  test('refuses wrong options', () => {
    const store = new MemoryStore()
    const options = (wrong: object) => () => expressSession({ secrets, ...wrong } as never)
    assert.throws(options({}), /^TypeError: expressSession needs either store or load/)
    assert.throws(
      options({ store, load: async () => null }),
      /^TypeError: expressSession needs either store or load/,
    )
    assert.throws(options({ load: 'x' }), /^TypeError: load must be a function, not a string/)
    assert.throws(
      options({ store: null }),
      /^TypeError: store must be an express-session store, not null/,
    )
    assert.throws(
      options({ store: new Map(), secrets: 'x' }),
      /^TypeError: secrets must be an array/,
    )
    assert.throws(options({ store, cookie: 1 }), /^TypeError: cookie must be a cookie name/)
  })

  test('refuses an unknown option', () => {
    const options = { secrets, store: new MemoryStore(), secret: 'x' }
    assert.throws(() => expressSession(options), {
      name: 'TypeError',
      message:
        'expressSession has no option secret (did you mean secrets?); it has secrets, cookie, store, load, until, now',
    })
  })
})
