import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import cookies from '@fastify/cookie'
import oldSessions, { type FastifySessionOptions as OldOptions } from '@fastify/session'
import fastify from 'fastify'
import { fastifySession } from 'silverback/migrate'
import { found, inYears, login, testMove } from './move.ts'

const secrets = ['the newest secret has 32 characters', 'an older secret that has 32 characters']
const { MemoryStore } = oldSessions

async function oldApp(options: Partial<OldOptions>): Promise<RequestListener> {
  const app = fastify()
  await app.register(cookies)
  await app.register(oldSessions, {
    secret: secrets,
    saveUninitialized: false,
    ...options,
    cookie: { secure: false, ...options.cookie },
  })
  app.get('/login', async request => {
    for (const [key, value] of Object.entries(login))
      request.session.set(key as never, value as never)
    return ''
  })
  app.get('/', async request => {
    const { cookie: _, ...values } = JSON.parse(JSON.stringify(request.session))
    return values
  })
  await app.ready()
  return (request, response) => app.routing(request, response)
}

/** A store that keeps JSON, as those with a database do. */
class JsonStore extends MemoryStore {
  readonly records = new Map<string, string>()

  override set(id: string, session: unknown, callback: (error?: unknown) => void): void {
    this.records.set(id, JSON.stringify(session))
    callback()
  }

  override get(id: string, callback: (error: unknown, session?: never) => void): void {
    const json = this.records.get(id)
    callback(null, json && JSON.parse(json))
  }
}

testMove('from @fastify/session', async () => {
  const store = new MemoryStore()
  return {
    old: await oldApp({ store }),
    reader: changed => fastifySession({ secrets, store: store as never, ...changed }),
    others: {
      'another secret': fastifySession({ secrets: ['another'], store: store as never }),
      'another store': fastifySession({ secrets, store: new MemoryStore() as never }),
      'another name': fastifySession({ secrets, store: store as never, cookie: 'other' }),
      'a prefix': fastifySession({ secrets, store: store as never, prefix: 's:' }),
    },
    cookies: ['sessionId'],
  }
})

testMove(
  'from @fastify/session with a prefix, maxAge, an older secret and a store of JSON',
  async () => {
    const store = new JsonStore()
    const load = async (id: string) => JSON.parse(store.records.get(id) ?? 'null')
    const changed = { cookie: 'app', prefix: 's:', load }
    return {
      old: await oldApp({
        secret: secrets[1] as string,
        store,
        cookieName: 'app',
        cookiePrefix: 's:',
        cookie: { maxAge: 60_000 },
      }),
      reader: more => fastifySession({ secrets, ...changed, ...more }),
      others: {
        'without the older secret': fastifySession({ secrets: secrets.slice(0, 1), ...changed }),
        'without the prefix': fastifySession({ secrets, cookie: 'app', load }),
        expired: fastifySession({ secrets, ...changed, now: inYears(1) }),
      },
      cookies: ['app'],
    }
  },
)

suite('@fastify/session: records', () => {
  const signed = (id: string) => {
    const mac = createHmac('sha256', secrets[0] as string)
      .update(id)
      .digest('base64')
    return { sessionId: encodeURIComponent(`${id}.${mac.replace(/=+$/, '')}`) }
  }
  const loading = (record: unknown) =>
    fastifySession({ secrets, now: () => 1000, load: async () => record as object })

  for (const [cookie, isAlive] of [
    [{ expires: null }, true],
    [{ expires: '1970-01-01T00:16:41.000Z' }, true],
    [{ expires: '1970-01-01T00:16:40.000Z' }, false],
    // The expiry that the plugin was configured with counts, as in the plugin.
    [{ originalExpires: '1970-01-01T00:16:40.000Z', expires: '1971-01-01T00:00:00.000Z' }, false],
  ] as const) {
    test(`treats a record with ${JSON.stringify(cookie)} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      const values = await found(loading({ cookie, a: 1 }), signed('id'))
      assert.deepEqual(values, isAlive ? { a: 1 } : undefined)
    })
  }

  for (const record of [null, undefined, 'text', 1, [1]]) {
    test(`finds no session in the record ${JSON.stringify(record)}`, async () => {
      assert.equal(await found(loading(record), signed('id')), undefined)
    })
  }

  test('rejects when the store fails', async () => {
    const down = new Error('down')
    const store = { get: (_: string, callback: (error: unknown) => void) => callback(down) }
    await assert.rejects(found(fastifySession({ secrets, store }), signed('id')), down)
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => fastifySession({ secrets, ...wrong } as never)
    assert.throws(options({}), /^TypeError: fastifySession needs either store or load/)
    assert.throws(
      options({ load() {}, prefix: 1 }),
      /^TypeError: prefix must be a string, not a nu/,
    )
    assert.throws(
      options({ load() {}, secret: 'x' }),
      /^TypeError: fastifySession has no option se/,
    )
  })
})
