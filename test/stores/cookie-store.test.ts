import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type CodecStoreOptions,
  CookieStore,
  Keyring,
  type Session,
  SessionError,
  save,
} from 'silverback'
import { codecsFromPairs, SecureCookie } from 'silverback/securecookie'
import {
  cookieHeader,
  cookieOf,
  nodeRequest,
  nodeResponse,
  setCookieLines,
} from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

/** Changes and saves the session. Returns the `Cookie` header that a browser would send afterwards. */
async function visit(
  store: CookieStore,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const request = nodeRequest(cookie)
  const response = nodeResponse()
  change(await store.get(request, 'sid'))
  await save(request, response)
  return cookieHeader(response)
}

const setFoo = (session: Session): void => {
  session.values.foo = 'bar'
}

suite('a cookie store', () => {
  const store = new CookieStore({ keys })

  test('reads a session in the next request', async () => {
    const cookie = await visit(store, setFoo)
    const session = await store.get<{ foo: string }>(nodeRequest(cookie), 'sid')
    assert.deepEqual(session.values, { foo: 'bar' })
    assert.equal(session.isNew, false)
    assert.equal(session.reason, undefined)
    assert.equal(session.id, undefined)
    assert.equal(session.store, store)
  })

  test('supports web requests and responses', async () => {
    const headers = new Headers()
    const request = new Request('http://localhost/')
    setFoo(await store.get(request, 'sid'))
    await save(request, headers)
    assert.equal(headers.get('vary'), 'Cookie')
    assert.equal(headers.get('cache-control'), 'no-store')
    const next = new Request('http://localhost/', { headers: { cookie: cookieHeader(headers) } })
    assert.deepEqual((await store.get(next, 'sid')).values, { foo: 'bar' })
    const response = new Response('hello')
    ;(await store.get(next, 'sid')).values.more = 1
    await save(next, response)
    assert.match(String(response.headers.getSetCookie()), /^sid=/)
  })

  test('sets the default attributes', async () => {
    const response = nodeResponse()
    const session = await store.get(nodeRequest(), 'sid')
    setFoo(session)
    await session.save(nodeRequest(), response)
    assert.match(
      String(setCookieLines(response)),
      /^sid=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test('does not save a new session without values', async () => {
    const response = nodeResponse()
    const request = nodeRequest()
    const session = await store.get(request, 'sid')
    assert.deepEqual(session.flashes(), [])
    assert.equal(session.keyed.size, 0)
    assert.ok(session.isNew)
    assert.equal(session.reason, 'no-cookie')
    await session.save(request, response)
    assert.deepEqual(setCookieLines(response), [])
    assert.equal(response.getHeader('vary'), 'Cookie')
    assert.equal(response.getHeader('cache-control'), undefined)
  })

  test('saves a session only if it changed, including nested changes', async () => {
    const cookie = await visit(store, ({ values }) => {
      values.user = { roles: ['a'] }
    })
    // From the second visit on, the cookie is in the cache of opened values.
    for (let i = 0; i < 4; i++) assert.equal(await visit(store, () => undefined, cookie), '')
    const changed = await visit(
      store,
      ({ values }) => (values.user as { roles: string[] }).roles.push('b'),
      cookie,
    )
    const session = await store.get(nodeRequest(changed), 'sid')
    assert.deepEqual(session.values, { user: { roles: ['a', 'b'] } })
  })

  test('keeps flash messages until they are read', async () => {
    const cookie = await visit(store, session => session.addFlash('saved'))
    let read: unknown[] = []
    const after = await visit(
      store,
      session => {
        read = session.flashes()
      },
      cookie,
    )
    assert.deepEqual(read, ['saved'])
    assert.deepEqual((await store.get(nodeRequest(after), 'sid')).flashes(), [])
  })

  test('lets a session change its own cookie attributes', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    setFoo(session)
    session.options.maxAge = 30 * 86_400
    session.options.sameSite = 'strict'
    await session.save(request, response)
    const cookie = cookieOf(response, 'sid')
    assert.equal(cookie?.maxAge, 30 * 86_400)
    assert.equal(cookie?.sameSite, 'strict')
    assert.equal(store.options.maxAge, 'session')
  })

  test('keeps the maxAge of a session when it is renewed or saved later', async () => {
    let now = Math.floor(Date.now() / 1000)
    const store = new CookieStore({ keys, now: () => now })
    let cookie = await visit(store, session => {
      setFoo(session)
      session.options.maxAge = 20 * 86_400
    })
    for (let day = 0; day < 25; day += 5) {
      const request = nodeRequest(cookie)
      const response = nodeResponse()
      const session = await store.get(request, 'sid')
      assert.equal(session.values.foo, 'bar', `day ${day}`)
      assert.equal(session.options.maxAge, 20 * 86_400)
      await session.save(request, response)
      // The renewal keeps the maxAge of the session, limited by the 30 days of the store.
      if (day > 0) {
        assert.equal(cookieOf(response, 'sid')?.maxAge, Math.min(20, 30 - day) * 86_400)
        cookie = cookieHeader(response)
      }
      now += 5 * 86_400
    }
    const other = await store.get(nodeRequest(await visit(store, setFoo)), 'sid')
    assert.equal(other.options.maxAge, 'session')
  })

  test('saves a session whose attributes changed', async () => {
    const cookie = await visit(store, setFoo)
    const changed = await visit(
      store,
      session => {
        session.options.maxAge = 60
      },
      cookie,
    )
    assert.match(changed, /^sid=/)
  })

  for (const maxAge of [0, -1]) {
    test(`deletes the cookie for maxAge ${maxAge}`, async () => {
      const cookie = await visit(store, setFoo)
      const request = nodeRequest(cookie)
      const response = nodeResponse()
      const session = await store.get(request, 'sid')
      session.options.maxAge = maxAge
      await session.save(request, response)
      assert.match(
        String(setCookieLines(response)),
        /^sid=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax$/,
      )
    })
  }

  test('sends one Set-Cookie line when a session is saved twice', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    setFoo(session)
    await session.save(request, response)
    session.values.foo = 'baz'
    await session.save(request, response)
    assert.equal(setCookieLines(response).length, 1)
    const next = await store.get(nodeRequest(cookieHeader(response)), 'sid')
    assert.equal(next.values.foo, 'baz')
  })

  test('rejects a save after the headers were sent', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    setFoo(session)
    response.writeHead(200)
    await assert.rejects(session.save(request, response), { code: 'headers-sent' })
  })

  test('names the key of a value that cannot be serialized and sets no cookie', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    session.values.user = { friends: [{ greet: () => 'hi' }] }
    await assert.rejects(session.save(request, response), /user\.friends\[0\]\.greet is a function/)
    assert.deepEqual(setCookieLines(response), [])
  })
})

test('refuses a value that cannot be serialized in an existing session too', async () => {
  const store = new CookieStore({ keys })
  const cookie = await visit(store, setFoo)
  const request = nodeRequest(cookie)
  const session = await store.get(request, 'sid')
  session.values.act = () => 1
  await assert.rejects(session.save(request, nodeResponse()), (error: Error) => {
    assert.ok(error instanceof SessionError)
    assert.equal(error.code, 'serialize-failed')
    return true
  })
})

test('passes cacheBytes to the codec', async () => {
  const store = new CookieStore({ keys, cacheBytes: 0 })
  const cookie = await visit(store, setFoo)
  for (let i = 0; i < 3; i++) {
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).values.foo, 'bar')
  }
  assert.throws(
    () => new CookieStore({ keys, cacheBytes: -1 }),
    /cacheBytes must be a whole number/,
  )
})

suite('cookies from clients', () => {
  const store = new CookieStore({ keys })

  for (const [what, cookie, reason] of [
    ['no cookie', '', 'no-cookie'],
    ['another cookie', 'other=1', 'no-cookie'],
    ['an empty value', 'sid=', 'malformed'],
    ['not base64', 'sid=!!!', 'malformed'],
    ['base64 of something else', 'sid=aGVsbG8', 'malformed'],
    ['a very long value', `sid=${'A'.repeat(60_000)}`, 'malformed'],
    ['a value that exceeds the header limit', `sid=${'A'.repeat(65_537)}`, 'too-large'],
    ['a malformed header', ';;;=;=sid', 'no-cookie'],
  ] as const) {
    test(`${what} starts a new session`, async () => {
      const session = await store.get(nodeRequest(cookie), 'sid')
      assert.deepEqual(session.values, {})
      assert.ok(session.isNew)
      assert.equal(session.reason, reason)
    })
  }

  test('a cookie of another name, key or store is rejected', async () => {
    const text = (await visit(store, setFoo)).slice('sid='.length)
    const reasonFor = async (reader: CookieStore, name: string): Promise<unknown> =>
      (await reader.get(nodeRequest(`${name}=${text}`), name)).reason
    assert.equal(await reasonFor(store, 'sid'), undefined)
    assert.equal(await reasonFor(store, 'other'), 'bad-mac')
    assert.equal(await reasonFor(new CookieStore({ keys: keys.slice(1) }), 'sid'), 'unknown-key')
    const secure = new CookieStore({ codecs: codecsFromPairs([keys[0]]) })
    assert.equal(await reasonFor(secure, 'sid'), 'bad-mac')
  })

  test('the first of two cookies with one name that opens is used', async () => {
    const one = await visit(store, ({ values }) => {
      values.foo = 1
    })
    const two = await visit(store, ({ values }) => {
      values.foo = 2
    })
    const session = await store.get(nodeRequest(`${one}; ${two}`), 'sid')
    assert.deepEqual(session.values, { foo: 1 })
    const behind = await store.get(nodeRequest(`sid=x; ${two}`), 'sid')
    assert.deepEqual(behind.values, { foo: 2 })
  })

  test('the codec that got furthest determines the reason', async () => {
    let now = 1_700_000_000
    const hashKey = 'a key that signs'
    const old = new SecureCookie({ hashKey, maxAge: 60, now: () => now })
    const store = new CookieStore({ codecs: [new SecureCookie({ hashKey: 'new' }), old] })
    const text = old.encode('sid', { foo: 'bar' })
    assert.equal((await store.get(nodeRequest(`sid=${text}`), 'sid')).isNew, false)
    now += 61
    assert.equal((await store.get(nodeRequest(`sid=${text}`), 'sid')).reason, 'expired')
  })

  test('an authentic value that is not an object is malformed', async () => {
    const codec = new SecureCookie({ hashKey: 'key' })
    const store = new CookieStore({ codecs: [codec] })
    for (const value of ['text', 5, [1]]) {
      const request = nodeRequest(`sid=${codec.encode('sid', value)}`)
      assert.equal((await store.get(request, 'sid')).reason, 'malformed')
    }
  })
})

suite('keys of a cookie store', () => {
  test('key rotation reads old sessions and writes them with the newest key at the next save', async () => {
    const [newest, older] = keys
    const cookie = await visit(new CookieStore({ keys: [older] }), setFoo)
    const rotated = new CookieStore({ keys: [newest, older] })
    const session = await rotated.get(nodeRequest(cookie), 'sid')
    assert.equal(session.values.foo, 'bar')
    assert.equal(session.renewal, 'old-key')
    const renewed = await visit(rotated, () => undefined, cookie)
    const after = await new CookieStore({ keys: [newest] }).get(nodeRequest(renewed), 'sid')
    assert.equal(after.values.foo, 'bar')
    assert.equal(after.renewal, undefined)
  })

  test('replacing the keys of a keyring takes effect in its stores', async () => {
    const ring = new Keyring([keys[1]])
    const store = new CookieStore({ keys: ring })
    const cookie = await visit(store, setFoo)
    ring.replace(keys)
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).renewal, 'old-key')
    ring.replace([keys[0]])
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'unknown-key')
  })

  test('a store without a usable key rejects reads', async () => {
    const store = new CookieStore({ codecs: codecsFromPairs([undefined]) })
    await assert.rejects(store.get(nodeRequest('sid=x'), 'sid'), /hash key is not set/)
    const none = new CookieStore({ codecs: [] })
    await assert.rejects(none.get(nodeRequest('sid=x'), 'sid'), { code: 'no-codecs' })
  })

  for (const [options, message] of [
    [{}, /a store needs keys, such as .*, or codecs instead of them/],
    [{ keys, codecs: [] }, /a store needs keys, such as .*, or codecs instead of them/],
    [{ keys: 'secret' }, /keys must be an array of keys, newest first, not a string/],
    [{ keys: [undefined] }, /keys\[0\] is undefined: is the environment variable set/],
    [
      { keys, options: { maxage: 5 } },
      /unknown cookie option maxage \(did you mean maxAge\?\); the options are path, domain, maxAge/,
    ],
  ] as [CodecStoreOptions, RegExp][]) {
    test(`refuses invalid options: ${message.source}`, () => {
      assert.throws(() => new CookieStore(options), { name: 'TypeError', message })
    })
  }
})

suite('maxAge of a store', () => {
  test('may exceed 30 days', async () => {
    for (const setBy of ['option', 'method']) {
      let now = 1_800_000_000
      const year = 365 * 86_400
      const options = setBy === 'option' ? { maxAge: year } : {}
      const store = new CookieStore({ keys, options, now: () => now })
      if (setBy === 'method') store.maxAge(year)
      const cookie = await visit(store, setFoo)
      now += 300 * 86_400
      assert.equal((await store.get(nodeRequest(cookie), 'sid')).values.foo, 'bar', setBy)
      now += 66 * 86_400
      assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'expired')
    }
  })

  test('applies to cookies and codecs', async () => {
    const store = new CookieStore({ keys })
    store.maxAge(3600)
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    assert.equal(session.options.maxAge, 3600)
    setFoo(session)
    await session.save(request, response)
    assert.equal(cookieOf(response, 'sid')?.maxAge, 3600)
    assert.equal(store.codecs[0]?.maxAge, 3600)
  })

  test('ends every session if it is 0', async () => {
    const store = new CookieStore({ keys })
    const cookie = await visit(store, setFoo)
    store.maxAge(0)
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'expired')
    assert.equal(await visit(store, setFoo), '')
    assert.throws(() => store.maxAge(1.5), TypeError)
  })
})
