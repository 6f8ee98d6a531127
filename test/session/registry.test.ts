import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  aliasRequest,
  CookieStore,
  CookieTooLargeError,
  MultiError,
  newCookie,
  type RequestLike,
  type ResponseLike,
  readCookies,
  registry,
  Session,
  SessionError,
  type Store,
  save,
  setCookie,
  type Values,
} from 'silverback'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'
import { until } from '../support/until.ts'

const store = new CookieStore({ keys })

/** A minimal custom store. */
class PlainStore implements Store {
  readonly saved: string[] = []

  get<T extends object = Values>(request: RequestLike, name: string): Promise<Session<Partial<T>>> {
    return registry(request).get(this, name)
  }

  async new<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>> {
    const [value] = readCookies(request, name)
    return new Session<T>(this, name, {
      options: { path: '/' },
      values: { visits: Number(value ?? 0) } as unknown as T,
      reason: value === undefined ? 'no-cookie' : undefined,
    })
  }

  async save(_: RequestLike, response: ResponseLike, session: Session<object>): Promise<void> {
    const { visits } = session.values as { visits: number }
    this.saved.push(session.name)
    setCookie(response, newCookie(session.name, String(visits), session.options))
  }
}

suite('the registry of a request', () => {
  test('is shared with a clone that stands for the request, as with a copy in Go', async () => {
    const request = new Request('http://localhost/')
    const session = await store.get(request, 'a')
    const [other, clone] = [request.clone(), request.clone()]
    aliasRequest(request, clone)
    assert.equal(await store.get(clone, 'a'), session)
    assert.notEqual(await store.get(other, 'a'), session)
    session.values.user = 'ann'
    const response = new Response()
    await save(clone, response)
    assert.equal(response.headers.getSetCookie().length, 1)
  })

  test('reads each session once', async () => {
    const request = nodeRequest()
    const [one, two] = await Promise.all([store.get(request, 'a'), store.get(request, 'a')])
    assert.equal(one, two)
    assert.equal(await registry(request).get(store, 'a'), one)
    assert.notEqual(await store.get(request, 'b'), one)
    assert.notEqual(await store.get(nodeRequest(), 'a'), one)
    assert.notEqual(await store.new(request, 'a'), one)
  })

  test('saves the sessions of several stores in one call', async () => {
    const custom = new PlainStore()
    const request = nodeRequest('visits=41')
    const response = nodeResponse()
    const visits = await custom.get<{ visits: number }>(request, 'visits')
    visits.values.visits = (visits.values.visits ?? 0) + 1
    ;(await store.get(request, 'one')).values.foo = 'bar'
    ;(await store.get(request, 'two')).keyed.set(42, 43)
    await store.get(request, 'untouched')
    await save(request, response)
    assert.deepEqual(custom.saved, ['visits'])
    const names = setCookieLines(response).map(line => line.split('=')[0])
    assert.deepEqual(names.sort(), ['one', 'two', 'visits'])

    const next = nodeRequest(cookieHeader(response))
    assert.equal((await custom.get<{ visits: number }>(next, 'visits')).values.visits, 42)
    assert.deepEqual((await store.get(next, 'one')).values, { foo: 'bar' })
    assert.equal((await store.get(next, 'two')).keyed.get(42), 43)
  })

  test('does not save sessions created with new()', async () => {
    const request = nodeRequest()
    ;(await store.new(request, 'a')).values.foo = 'bar'
    const response = nodeResponse()
    await save(request, response)
    assert.deepEqual(setCookieLines(response), [])
  })

  test('throws a single failure as itself', async () => {
    const request = nodeRequest()
    const bad = await store.get(request, 'bad')
    ;(await store.get(request, 'good')).values.foo = 'bar'
    bad.values.text = 'x'.repeat(5000)
    await assert.rejects(save(request, nodeResponse()), CookieTooLargeError)
    bad.values = {}
    bad.options.path = ';'
    await assert.rejects(save(request, nodeResponse()), (error: unknown) => {
      assert.ok(error instanceof SessionError)
      assert.match(error.message, /^error saving session "bad": path must be/)
      return true
    })
  })

  test('reports every failure and saves the other sessions', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    ;(await store.get(request, 'bad')).values.act = () => 1
    ;(await store.get(request, 'good')).values.foo = 'bar'
    const worse = await store.get(request, 'worse')
    worse.values.foo = 'bar'
    worse.options.sameSite = 'none'
    worse.options.secure = false
    await assert.rejects(save(request, response), (error: unknown) => {
      assert.ok(error instanceof MultiError)
      assert.equal(error.errors.length, 2)
      assert.equal(
        error.message,
        'error saving session "bad": act is a function, which a session cannot store; store plain data (and 1 other error)',
      )
      assert.ok(error.isUsage)
      assert.match(
        String(error.errors[1]),
        /error saving session "worse": sameSite 'none' requires/,
      )
      assert.ok(error.errors[1]?.cause instanceof RangeError)
      return true
    })
    assert.equal(setCookieLines(response).length, 1)
    assert.match(String(setCookieLines(response)), /^good=/)
  })

  for (const name of ['session:key', '', 'a b', 'a;b', 'a\r\nb', 'sé']) {
    test(`refuses the name ${JSON.stringify(name)}`, async () => {
      await assert.rejects(store.get(nodeRequest(), name), {
        code: 'invalid-name',
        message: `invalid character in cookie name: ${JSON.stringify(name)}`,
      })
    })
  }

  test('refuses one name for two stores', async () => {
    const request = nodeRequest()
    await store.get(request, 'a')
    await assert.rejects(new CookieStore({ keys }).get(request, 'a'), { code: 'store-mismatch' })
  })

  test('calls a store again after it failed', async () => {
    let calls = 0
    const flaky = new PlainStore()
    const make = flaky.new.bind(flaky)
    flaky.new = async <T extends object>(request: RequestLike, name: string) => {
      if (++calls === 1) throw new SessionError('store-failed', 'down')
      return make<T>(request, name)
    }
    const request = nodeRequest()
    await assert.rejects(flaky.get(request, 'visits'), { code: 'store-failed' })
    await save(request, nodeResponse())
    assert.ok(await flaky.get(request, 'visits'))
  })

  test('refuses anything that is not a request', async () => {
    for (const wrong of [undefined, null, {}, 'request', { headers: null }]) {
      assert.throws(() => registry(wrong as unknown as RequestLike), {
        name: 'TypeError',
        message: /^request must be a Request or an IncomingMessage, not /,
      })
    }
  })

  test('does not keep sessions alive after the request', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const references: WeakRef<object>[] = []
    for (let i = 0; i < 100; i++) {
      const request = new Request('http://localhost/')
      references.push(new WeakRef(await store.get(request, 'a')))
    }
    // A WeakRef keeps its target alive until the end of the current job.
    await until('the sessions are collected', () => {
      collectGarbage()
      return references.filter(reference => reference.deref()).length < 10
    })
  })
})
