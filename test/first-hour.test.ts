/** The mistakes of the first hour: each error names its cause and the fix. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { createClient } from 'redis'
import {
  CookieStore,
  defineSession,
  FilesystemStore,
  keyring,
  openSession,
  Sealed,
  ServerStore,
  SessionError,
  save,
} from 'silverback'
import { isSameOrigin } from 'silverback/csrf'
import { sessions } from 'silverback/express'
import { expressStore } from 'silverback/express-store'
import { keyv } from 'silverback/keyv'
import { memory } from 'silverback/memory'
import { migrating } from 'silverback/migrating'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { resilient } from 'silverback/resilient'
import { sqlite } from 'silverback/sqlite'
import { tiered } from 'silverback/tiered'
import { toExpressStore } from 'silverback/to-express-store'
import { unstorage } from 'silverback/unstorage'
import { nodeRequest, nodeResponse } from './support/http/http.ts'
import { Visit, visit } from './support/http/visit.ts'
import { keys } from './support/keys.ts'

/** Calls a function or class as plain JavaScript would. */
const call =
  (target: unknown, ...args: unknown[]) =>
  (): unknown =>
    /^class/.test(String(target))
      ? Reflect.construct(target as new () => unknown, args)
      : Reflect.apply(target as () => unknown, undefined, args)

/** A URL with a password, which no message may show. */
const url = 'scheme://user:hunter2@host/database'
const store = new CookieStore({ keys })
const session = async () => (await Visit.open(store)).session

/** The mistakes, with what the message of the error begins with. */
const mistakes: Readonly<Record<string, readonly [() => unknown, string]>> = {
  'a key from an environment variable that is not set': [
    call(CookieStore, { keys: [undefined] }),
    'keys[0] is undefined: is the environment variable set that it comes from, such as SESSION_KEY? ' +
      'To make a key: openssl rand -base64 32. To read it at the first request, when it is missing during a build: ' +
      'keys: () => [process.env.SESSION_KEY]',
  ],
  'an empty environment variable': [
    call(FilesystemStore, 'folder', { keys: [keys[0], ''] }),
    'keys[1] is empty: is the environment variable set',
  ],
  'a secret of 32 characters': [
    call(CookieStore, { keys: ['Zk3vQ9xLw2Rt8YpB6mNc4HjD7sFgA1eU'] }),
    'keys[0] has 24 bytes, because its 32 characters are read as hex or base64; to use the characters themselves, ' +
      'pass new TextEncoder().encode(key); a key needs at least 32; make one with: openssl rand -base64 32',
  ],
  'a cookie store without options': [
    call(CookieStore),
    'CookieStore needs keys: new CookieStore({ keys: [process.env.SESSION_KEY] })',
  ],
  'a cookie store without keys': [
    call(CookieStore, {}),
    'a store needs keys, such as keys: [process.env.SESSION_KEY], or codecs instead of them',
  ],
  'a filesystem store without options': [
    call(FilesystemStore),
    'FilesystemStore needs keys: new FilesystemStore(folder, { keys: [process.env.SESSION_KEY] })',
  ],
  'a server store without a backend': [
    call(ServerStore, { keys }),
    'ServerStore takes a backend first, such as memory(), not an Object; pass options second: ' +
      'new ServerStore(memory(), { keys })',
  ],
  'a backend that is not called': [
    call(ServerStore, memory),
    'ServerStore takes a backend first, such as memory(), not a function; call it: memory()',
  ],
  'a URL instead of a backend': [
    call(ServerStore, url),
    'ServerStore takes a backend first, such as memory(), not a string; connect a client and pass it to its ' +
      'backend: redis(client)',
  ],
  'a session without a store': [
    call(defineSession, 'login'),
    "defineSession takes a store first, defineSession(store, 'login'), not a string",
  ],
  'a session with its arguments swapped': [
    call(defineSession, 'login', store),
    "defineSession takes a store first, defineSession(store, 'login'), not a string",
  ],
  'an adapter with a store': [
    call(sessions, store),
    "sessions must be a definition or { store, name }, not a CookieStore; name the session: defineSession(store, 'login')",
  ],
  'an adapter with { store }': [
    call(sessions, { store }),
    "sessions must be a definition or { store, name }, not an Object; name the session: defineSession(store, 'login')",
  ],
  'an adapter with a store among its sessions': [
    call(sessions, { login: store }),
    'sessions.login must be a definition or { store, name }, not a CookieStore; name the session: ',
  ],
  'an adapter with a promise': [
    call(sessions, Promise.resolve({})),
    'sessions must be a definition or { store, name }, not a Promise',
  ],
  'a misspelt option': [
    call(CookieStore, { key: keys }),
    'CookieStore has no option key (did you mean keys?); it has keys, codecs, ',
  ],
  "another library's option": [
    call(CookieStore, { keys, secret: 'x' }),
    'CookieStore has no option secret (did you mean keys?); it has ',
  ],
  'a cookie attribute among the options of a store': [
    call(CookieStore, { keys, maxAge: 60 }),
    'CookieStore has no option maxAge (did you mean options: { maxAge }?); it has ',
  ],
  'a misspelt cookie attribute': [
    call(CookieStore, { keys, options: { httponly: true } }),
    'unknown cookie option httponly (did you mean httpOnly?); the options are path, ',
  ],
  'a misspelt option of a definition': [
    call(defineSession, store, 'misspelt', { shema: {} }),
    'defineSession has no option shema (did you mean schema?); it has ',
  ],
  'a misspelt option of a backend': [
    call(memory, { maxRecord: 1 }),
    'memory has no option maxRecord (did you mean maxRecords?); it has ',
  ],
  'a misspelt option of an adapter': [
    call(sessions, { store, name: 'a' }, { saveOnErr: 'keep' }),
    'sessions() has no option saveOnErr (did you mean saveOnError?); it has saveOnError',
  ],
  'a misspelt option of a keyring': [
    call(keyring, () => keys, { refesh: 1 }),
    'keyring has no option refesh (did you mean refresh?); it has refresh, onError, now',
  ],
  'a misspelt option of a codec': [
    call(Sealed, { keys, maxage: 1 }),
    'Sealed has no option maxage (did you mean maxAge?); it has ',
  ],
  'a misspelt option of a check': [
    call(isSameOrigin, nodeRequest(), { trustproxy: 1 }),
    'isSameOrigin has no option trustproxy (did you mean trustProxy?); it has ',
  ],
  'a misspelt option of openSession': [
    call(openSession, { store, name: 'a' }, nodeRequest(), nodeResponse(), { onerror() {} }),
    'openSession has no option onerror (did you mean onError?); it has onError',
  ],
  'a misspelt option of a login': [
    async () => (await session()).login('ann', { kep: [] } as never),
    'login has no option kep (did you mean keep?); it has keep',
  ],
  'a maxAge in milliseconds': [
    call(CookieStore, { keys, options: { maxAge: 86_400_000 } }),
    'options.maxAge is in seconds and at most 34560000, which is 400 days, as browsers keep no cookie for longer; 86400000 ' +
      'looks like milliseconds',
  ],
  'a session remembered for milliseconds': [
    async () => (await session()).remember(86_400_000),
    'maxAge is in seconds and at most 34560000, which is 400 days',
  ],
  'a number as owner': [
    async () => (await session()).login(42 as never),
    'owner must be a string that names who signed in, not a number; pass String(user.id)',
  ],
  'a user as owner': [
    async () => (await session()).login({ id: 42 } as never),
    'owner must be a string that names who signed in, not an Object; pass its id',
  ],
}

suite('the first hour: arguments', () => {
  for (const [mistake, [make, message]] of Object.entries(mistakes)) {
    test(mistake, async () => {
      const error = await failureOf(async () => make())
      assert.ok(error instanceof TypeError || error instanceof RangeError)
      assert.equal(error.message.slice(0, message.length), message)
      assert.doesNotMatch(error.message, /hunter2|Zk3v/)
    })
  }

  const backends = {
    dynamic: [call(redis, url), /such as new Redis\(url\), not a string$/],
    postgres: [
      call(postgres, url),
      /such as new Pool\({ connectionString }\) of pg, not a string$/,
    ],
    mysql: [call(mysql, url), /such as createPool\(url\) of mysql2\/promise, not a string$/],
    sqlite: [call(sqlite, 'file.db'), /such as new DatabaseSync\(file\) of node:sqlite, not a str/],
    keyv: [call(keyv, url), /such as new Keyv\({ store, throwOnErrors: true }\), not a string$/],
    unstorage: [call(unstorage, url), /such as createStorage\({ driver }\), not a string$/],
    expressStore: [call(expressStore, url), /takes a store for express-session, not a string$/],
    tiered: [call(tiered, memory, memory()), /takes two backends, .*not a function$/],
    migrating: [call(migrating, memory(), undefined), /takes two backends, .*not undefined$/],
    resilient: [call(resilient, memory), /takes a backend, .*not a function$/],
    toExpressStore: [call(toExpressStore, class {}, memory), /backend second: .*not a function$/],
  } as const
  for (const [name, [make, message]] of Object.entries(backends)) {
    test(`${name}: a URL, or a backend that is not called`, () => {
      assert.throws(make, (error: Error) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
    })
  }
})

suite('the first hour: keys that are missing during a build', () => {
  test('fail at the first request, and are read again until they are there', async () => {
    let key: Uint8Array | undefined
    const lazy = new CookieStore({ keys: () => [key as Uint8Array] })
    const server = new ServerStore(memory(), { keys: () => [key as Uint8Array] })
    for (const each of [lazy, server]) {
      await assert.rejects(each.get(nodeRequest('sid=x'), 'sid'), {
        name: 'TypeError',
        message: /^keys\[0\] is undefined: is the environment variable set/,
      })
    }
    key = keys[0] as Uint8Array
    for (const each of [lazy, server]) {
      const cookie = await visit(each, ({ values }) => {
        values.foo = 'bar'
      })
      key = undefined
      assert.deepEqual((await each.get(nodeRequest(cookie), 'sid')).values, { foo: 'bar' })
      key = keys[0] as Uint8Array
    }
  })

  test('are named by the error of a keyring', async () => {
    const provided = new CookieStore({ keys: keyring(() => [undefined as never]) })
    const error = await failureOf(() => provided.get(nodeRequest(), 'sid'))
    assert.match(error.message, /^the keys could not be loaded: keys\[0\] is undefined/)
  })
})

suite('the first hour: requests', () => {
  const changed = async (request: Request | ReturnType<typeof nodeRequest>) => {
    const session = await store.get(request, 'sid')
    session.values.foo = 'bar'
    return session
  }

  test('save(response, request)', async () => {
    const swapped = /; the order is save\(request, response\)$/
    for (const [request, response] of [
      [nodeRequest(), nodeResponse()],
      [new Request('http://localhost'), new Response()],
    ] as const) {
      const session = await changed(request)
      await assert.rejects(session.save(response as never, request as never), swapped)
      await assert.rejects(save(response as never, request as never), swapped)
      await session.save(request, response)
    }
  })

  test('an instance of a class is one failure, thrown as itself', async () => {
    class User {
      name = 'ann'
    }
    for (const each of [store, new ServerStore(memory())]) {
      const request = nodeRequest()
      const session = await each.get(request, 'sid')
      session.values.user = new User()
      const failing = [
        () => session.save(request, nodeResponse()),
        () => save(request, nodeResponse()),
      ]
      for (const fail of failing) {
        const error = await failureOf(fail)
        assert.ok(error instanceof SessionError)
        assert.equal(error.code, 'serialize-failed')
        assert.match(
          error.message,
          /user is a User, which a session cannot store; store plain data$/,
        )
      }
    }
  })
})

suite('the first hour: servers', () => {
  test('a missing table', async () => {
    const client = new PGlite()
    const error = await failureOf(() =>
      visit(new ServerStore(postgres(client)), ({ values }) => {
        values.foo = 'bar'
      }),
    )
    await client.close()
    assert.match(error.message, /ensureSchema\(\).*postgresSchema/)
  })

  test('a Redis that is down', async () => {
    const client = createClient({
      url: 'redis://user:hunter2@127.0.0.1:1',
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false },
    })
    client.on('error', () => undefined)
    await client.connect().catch(() => undefined)
    const error = await failureOf(() =>
      new ServerStore(redis(client)).get(nodeRequest(cookieOf()), 'sid'),
    )
    assert.match(
      error.message,
      /^session backend: load: .*[Rr]edis|^session backend: load: Redis: /,
    )
    assert.doesNotMatch(error.message, /hunter2/)
  })

  test('a PostgreSQL and a MySQL that are down', async () => {
    const down = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
    })
    const query = () => Promise.reject(down)
    for (const [name, backend] of [
      ['PostgreSQL', postgres({ query } as never)],
      ['MySQL', mysql({ execute: query } as never)],
    ] as const) {
      const error = await failureOf(() =>
        new ServerStore(backend).get(nodeRequest(cookieOf()), 'sid'),
      )
      assert.equal(
        error.message,
        `session backend: load: ${name}: connect ECONNREFUSED 127.0.0.1:1`,
      )
      assert.equal(error.cause, down)
    }
  })
})

/** A cookie with the id of a session, so that the store asks its backend. */
function cookieOf(): string {
  return `sid=${'A'.repeat(43)}`
}

async function failureOf(fail: () => Promise<unknown>): Promise<Error> {
  return fail().then(
    () => assert.fail('it should have failed'),
    (error: Error) => error,
  )
}
