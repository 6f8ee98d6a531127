import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, FilesystemStore, type KeyList, keyring, Sealed, save } from 'silverback'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

/** A key service with a clock, both controlled by the test. */
class KeyService {
  now = 1_700_000_000
  response: KeyList | Error
  calls = 0
  readonly errors: unknown[] = []
  #hold: Promise<void> | undefined

  constructor(response: KeyList | Error) {
    this.response = response
  }

  /** Delays responses until the returned function is called. */
  hold(): () => void {
    let release = (): void => undefined
    this.#hold = new Promise(resolve => {
      release = resolve
    })
    return () => {
      this.#hold = undefined
      release()
    }
  }

  readonly provide = async (): Promise<KeyList> => {
    this.calls++
    await this.#hold
    if (this.response instanceof Error) throw this.response
    return this.response
  }

  ring(refresh = 300) {
    return keyring(this.provide, {
      refresh,
      now: () => this.now,
      onError: error => this.errors.push(error),
    })
  }
}

async function visit(store: CookieStore, cookie?: string): Promise<string> {
  const request = nodeRequest(cookie)
  const response = nodeResponse()
  const session = await store.get<{ visits?: number }>(request, 'sid')
  session.values.visits = (session.values.visits ?? 0) + 1
  await save(request, response)
  return cookieHeader(response)
}

suite('keys from a provider', () => {
  test('the first requests wait for one call of the provider', async () => {
    const service = new KeyService(keys)
    const release = service.hold()
    const store = new CookieStore({ keys: service.ring() })
    const visits = [visit(store), visit(store), visit(store)]
    await new Promise(resolve => setTimeout(resolve, 10))
    release()
    for (const cookie of await Promise.all(visits)) assert.match(cookie, /^sid=/)
    assert.equal(service.calls, 1)
    await visit(store)
    assert.equal(service.calls, 1)
  })

  test('later requests continue with the current keys while new ones load', async () => {
    const service = new KeyService([keys[1]])
    const store = new CookieStore({ keys: service.ring() })
    const cookie = await visit(store)
    service.now += 301
    service.response = keys
    const release = service.hold()
    const session = await store.get(nodeRequest(cookie), 'sid')
    assert.equal(session.isNew, false)
    assert.equal(session.renewal, undefined)
    assert.equal(service.calls, 2)
    release()
    await new Promise(resolve => setTimeout(resolve, 5))
    // The new key has arrived: the old key still opens the cookie, which is due for renewal.
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).renewal, 'old-key')
    assert.equal(service.calls, 2)
  })

  test('after a long pause a request waits for the keys, so that removed keys are refused', async () => {
    const service = new KeyService([keys[1]])
    const store = new CookieStore({ keys: service.ring() })
    const cookie = await visit(store)
    service.now += 601
    service.response = [keys[0]]
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'unknown-key')
  })

  test('no request fails while keys are replaced again and again', async () => {
    const service = new KeyService([keys[1]])
    const store = new CookieStore({ keys: service.ring(1) })
    const lists: KeyList[] = [[keys[1]], keys, [keys[0], keys[1]], [keys[1], keys[0]], keys]
    let cookie = await visit(store)
    for (let i = 0; i < 200; i++) {
      service.now += 1.1
      service.response = lists[i % lists.length] as KeyList
      if (i % 7 === 3) service.response = new Error('the service is down')
      const session = await store.get(nodeRequest(cookie), 'sid')
      assert.equal(session.isNew, false, `${i}: ${session.reason}`)
      cookie = await visit(store, cookie)
      await new Promise(resolve => setImmediate(resolve))
    }
    assert.ok(service.calls > 150)
    assert.ok(service.errors.length > 20)
  })

  test('later failures of the provider are reported, and the old keys stay in use', async () => {
    const service = new KeyService(keys)
    const store = new CookieStore({ keys: service.ring() })
    const cookie = await visit(store)
    for (const response of [
      new Error('down'),
      ['too short'],
      [],
      'no list' as unknown as KeyList,
    ]) {
      service.now += 700
      service.response = response
      assert.equal((await store.get(nodeRequest(cookie), 'sid')).isNew, false)
    }
    assert.equal(service.errors.length, 4)
    assert.match(String(service.errors[1]), /keys\[0\] has/)
  })

  test('requests fail until the provider succeeds for the first time', async () => {
    const service = new KeyService(new Error('no network'))
    const store = new CookieStore({ keys: service.ring() })
    for (let i = 0; i < 2; i++) {
      await assert.rejects(store.get(nodeRequest('sid=x'), 'sid'), (error: unknown) => {
        assert.equal((error as { code: string }).code, 'keys-not-loaded')
        assert.equal((error as Error).cause, service.response)
        return true
      })
    }
    service.response = keys
    assert.match(await visit(store), /^sid=/)
  })

  test('a codec without a store throws keys-not-loaded', () => {
    const codec = new Sealed({ keys: new KeyService(keys).ring() })
    assert.throws(() => codec.encode('sid', 'v'), { code: 'keys-not-loaded' })
    assert.throws(() => codec.decode('sid', 'v'), { isDecode: true })
  })

  test('a FilesystemStore waits for the keys, too', async () => {
    const store = new FilesystemStore('/nowhere', { keys: new KeyService(keys).ring() })
    const request = nodeRequest()
    const response = nodeResponse()
    await (await store.get(request, 'sid')).save(request, response)
    assert.deepEqual(setCookieLines(response), [])
  })

  test('refuses invalid arguments', () => {
    assert.throws(() => keyring(keys as never), /provide must be a function, not an array/)
    assert.throws(() => keyring(() => keys, { refresh: 0 }), /refresh must be a positive number/)
  })
})
