import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  CookieStore,
  CookieTooLargeError,
  defineSession,
  FilesystemStore,
  ServerStore,
  type SessionStoreOptions,
  type Store,
  save,
} from 'silverback'
import { memory } from 'silverback/memory'
import { sessions as nextSessions } from 'silverback/next'
import { toSessionStorage } from 'silverback/react-router'
import { nodeRequest, nodeResponse } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'silverback-header-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const transport = 'header'
const stores: Record<string, (options: SessionStoreOptions) => Store> = {
  CookieStore: options => new CookieStore({ keys, ...options }),
  ServerStore: options => new ServerStore(memory(), { keys, ...options }),
  FilesystemStore: options => new FilesystemStore(folder, { keys, ...options }),
}

/** A client that sends back what it has received, as a mobile app does. */
class Client {
  readonly #header: string
  sent: string | undefined

  constructor(header = 'x-session') {
    this.#header = header
  }

  request(): Request {
    const headers = new Headers()
    if (this.sent !== undefined) headers.set(this.#header, this.sent)
    return new Request('https://api.example/', { headers })
  }

  async visit(store: Store, values: object = {}): Promise<Headers> {
    const request = this.request()
    const headers = new Headers()
    Object.assign((await store.get(request, 'login')).values, values)
    await save(request, headers)
    this.sent = headers.get(this.#header) ?? this.sent
    return headers
  }

  async values(store: Store): Promise<unknown> {
    return (await store.get(this.request(), 'login')).values
  }
}

for (const [name, open] of Object.entries(stores)) {
  suite(`sessions in a header: ${name}`, () => {
    test('are read from the header that the client has received', async () => {
      const store = open({ transport })
      const client = new Client()
      const headers = await client.visit(store, { user: 'ann' })
      assert.match(client.sent ?? '', /^login=[\w.~-]+$/)
      assert.deepEqual(headers.getSetCookie(), [])
      assert.equal(headers.get('vary'), 'x-session')
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.deepEqual(await client.values(store), { user: 'ann' })
    })

    test('are not sent again without a reason', async () => {
      const store = open({ transport })
      const client = new Client()
      await client.visit(store, { user: 'ann' })
      const headers = await client.visit(store)
      assert.equal(headers.get('x-session'), null)
      assert.equal(headers.get('vary'), 'x-session')
    })

    test('send their name with an empty value when they have ended', async () => {
      const store = open({ transport })
      const client = new Client()
      await client.visit(store, { user: 'ann' })
      const request = client.request()
      const headers = new Headers()
      const session = await store.get(request, 'login')
      session.destroy()
      await save(request, headers)
      assert.equal(headers.get('x-session'), 'login=')
      client.sent = 'login='
      const next = await store.get(client.request(), 'login')
      assert.equal(next.reason, 'no-cookie')
    })

    test('are not read from cookies', async () => {
      const store = open({ transport })
      const client = new Client()
      await client.visit(store, { user: 'ann' })
      const session = await store.get(nodeRequest(client.sent), 'login')
      assert.equal(session.reason, 'no-cookie')
    })

    test('have a header of the name that the store chooses', async () => {
      const store = open({ transport: { header: 'X-Login' } })
      const client = new Client('x-login')
      const headers = await client.visit(store, { user: 'ann' })
      assert.equal(headers.get('vary'), 'x-login')
      assert.deepEqual(await client.values(store), { user: 'ann' })
    })

    test('need no TLS and no attributes, whatever their name', async () => {
      const store = open({ transport, options: { secure: false } })
      const session = await store.get(nodeRequest(), '__Host-login')
      session.values.user = 'ann'
      const response = nodeResponse()
      await session.save(nodeRequest(), response)
      assert.match(String(response.getHeader('x-session')), /^__Host-login=/)
    })

    test('are several in one header, which may be sent in several lines', async () => {
      const store = open({ transport })
      const response = nodeResponse()
      const request = nodeRequest()
      ;(await store.get(request, 'login')).values.user = 'ann'
      ;(await store.get(request, 'cart')).values.items = 2
      await save(request, response)
      const header = String(response.getHeader('x-session'))
      assert.deepEqual(header.match(/\w+(?==)/g)?.sort(), ['cart', 'login'])
      for (const sent of [header, header.replace('; ', ', ')]) {
        const next = nodeRequest()
        next.headers['x-session'] = sent
        assert.deepEqual((await store.get(next, 'login')).values, { user: 'ann' })
        assert.deepEqual((await store.get(next, 'cart')).values, { items: 2 })
      }
    })

    test('are sent once per response', async () => {
      const store = open({ transport })
      const request = nodeRequest()
      const response = nodeResponse()
      const session = await store.get(request, 'login')
      for (const n of [1, 2]) {
        session.values.n = n
        await session.save(request, response)
      }
      assert.match(String(response.getHeader('x-session')), /^login=[^;]+$/)
    })

    test('are new, whatever a client sends', async () => {
      const store = open({ transport })
      const hostile = ['login', '=', ';;;,', 'login=;', 'login=%', `login=${'x'.repeat(9000)}`]
      for (const sent of hostile) {
        const request = nodeRequest()
        request.headers['x-session'] = sent
        assert.equal((await store.get(request, 'login')).isNew, true)
      }
    })

    test('need requests and responses with headers', async () => {
      const store = open({ transport })
      const jar = { get: () => undefined, set: () => undefined }
      await assert.rejects(store.get({ cookies: jar }, 'login'), /the header x-session/)
      const session = await store.get(nodeRequest(), 'login')
      session.values.user = 'ann'
      const saving = session.save(nodeRequest(), { cookies: jar })
      await assert.rejects(saving, /the header x-session/)
    })

    for (const [option, wrong, message] of [
      ['a transport', { transport: 'headers' }, /transport must be 'cookie' or 'header'/],
      ['null', { transport: null }, /transport must be/],
      ['another option', { transport: { name: 'x' } }, /transport has no option name/],
      ['a header', { transport: { header: 'x session' } }, /transport\.header must be the name/],
      ['no header', { transport: {} }, /transport\.header must be the name/],
      ['a reserved header', { transport: { header: 'Cookie' } }, /cannot be Cookie/],
      [
        'options of cookies',
        { transport, formerAttributes: [{ path: '/old' }] },
        /formerAttributes needs transport: 'cookie'/,
      ],
    ] as const) {
      test(`refuses ${option} that it cannot use`, () => {
        assert.throws(() => open(wrong as never), { name: 'TypeError', message })
      })
    }
  })
}

suite('the size of a session in a header', () => {
  const values = { text: 'x'.repeat(5000) }

  test('is 8 KiB at most, unless the store says otherwise', async () => {
    const client = new Client()
    const store = new CookieStore({ keys, transport })
    await client.visit(store, values)
    assert.deepEqual(await client.values(store), values)
    const tooLarge = client.visit(store, { more: 'x'.repeat(2000) })
    await assert.rejects(tooLarge, (error: unknown) => {
      assert.ok(error instanceof CookieTooLargeError, 'a CookieTooLargeError')
      assert.equal(error.limit, 8192)
      return true
    })
    const larger = new CookieStore({ keys, transport, maxTotalBytes: 12_000 })
    await client.visit(larger, { more: 'x'.repeat(2000) })
    assert.deepEqual(await client.values(larger), { ...values, more: 'x'.repeat(2000) })
  })

  test('is not split over several', () => {
    const wrong = { keys, transport, tooLarge: 'chunk' } as const
    assert.throws(() => new CookieStore(wrong), /tooLarge: 'chunk' needs transport: 'cookie'/)
  })

  test('may be that of an id once the session is too large', async () => {
    const client = new Client()
    const store = new CookieStore({ keys, transport, tooLarge: 'spill', spillTo: memory() })
    await client.visit(store, values)
    assert.ok((client.sent ?? '').length > 5000)
    await client.visit(store, { more: 'x'.repeat(5000) })
    assert.ok((client.sent ?? '').length < 500)
    assert.deepEqual(await client.values(store), { ...values, more: 'x'.repeat(5000) })
  })
})

test('a copy in the browser needs cookies', () => {
  const options = { keys, transport, cookieCache: { maxAge: 60 } } as const
  assert.throws(() => new ServerStore(memory(), options), /cookieCache needs transport: 'cookie'/)
})

test('interfaces that know cookies only refuse such a store', () => {
  const login = defineSession(new CookieStore({ keys, transport }), 'login')
  const message = /needs transport: 'cookie'; this store uses the header x-session/
  assert.throws(() => toSessionStorage(login), message)
  assert.throws(() => nextSessions(login, { cookies: () => Promise.reject() }), message)
})
