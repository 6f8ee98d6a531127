import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, defineSession, registry, ServerStore, save } from 'silverback'
import { memory } from 'silverback/memory'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { counting, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const refused = { code: 'read-only' }

suite('a read-only session', () => {
  test('and a later writable one need one read together', async () => {
    // The clock stands still: the store's epoch is read once a second.
    const now = (): number => 1_800_000_000
    const { backend, calls } = counting(memory({ now }))
    const store = new ServerStore(backend, { now })
    const cookie = await visit(store, put({ a: 1 }))
    const request = nodeRequest(cookie)
    const before = calls.load ?? 0
    const [view, session] = await Promise.all([
      store.get(request, 'sid', { readOnly: true }),
      store.get(request, 'sid'),
    ])
    assert.equal(calls.load, before + 1)
    assert.notEqual(view, session)
    session.values.a = 2
    await save(request, nodeResponse())
    assert.equal((await read(store, cookie)).values.a, 2)
  })

  test('shows what the request has changed, and refuses to change it', async () => {
    const store = new ServerStore(memory())
    const request = nodeRequest()
    const session = await store.get(request, 'sid')
    session.login('ann')
    session.values.list = [{ a: 1 }]
    const view = await store.get<{ list: { a: number }[] }>(request, 'sid', { readOnly: true })
    assert.deepEqual([view.owner, view.values.list?.[0]?.a], ['ann', 1])
    assert.equal(view.values.list, view.values.list)
    assert.throws(() => view.values.list?.push({ a: 2 }), refused)
    assert.throws(() => {
      delete view.values.list
    }, refused)
    session.destroy()
    assert.equal(view.isDestroyed, true)
  })

  test('names what was refused, and what to call instead', async () => {
    const view = await new CookieStore({ keys }).new(nodeRequest(), 'sid', { readOnly: true })
    assert.throws(() => view.flashes(), {
      code: 'read-only',
      message:
        'flashes: a session that was read with readOnly cannot be changed; use peekFlashes() to read messages; get it without readOnly',
    })
    assert.throws(() => view.increment('n'), refused)
    assert.throws(() => Object.assign(view, { owner: 'ann' }), refused)
    assert.throws(() => view.save(nodeRequest(), nodeResponse()), refused)
    assert.deepEqual(view.peekFlashes(), [])
    assert.equal(JSON.stringify(view), '{"name":"sid","isNew":true,"reason":"no-cookie"}')
  })

  test('may hold frozen values', async () => {
    const store = new CookieStore({ keys })
    const request = nodeRequest()
    const frozen = Object.freeze({ list: [1] })
    const session = await store.get(request, 'sid')
    session.values.frozen = frozen
    const view = await store.get<{ frozen: { list: number[] } }>(request, 'sid', { readOnly: true })
    assert.deepEqual(view.values.frozen, { list: [1] })
  })

  test('is handed out by definitions, and sets no cookie at the end of the request', async () => {
    const store = new ServerStore(memory())
    const login = defineSession(store, 'sid', { keyLifetimes: { code: 60 } })
    const cookie = await visit(store, put({ code: 1 }))
    const request = nodeRequest(cookie)
    const view = await login.get(request, { readOnly: true })
    assert.equal(view.isReadOnly, true)
    assert.throws(() => put({ code: 2 })(view), refused)
    const response = nodeResponse()
    await registry(request).save(response)
    assert.deepEqual(setCookieLines(response), [])
    assert.equal(response.getHeader('vary'), 'Cookie')
  })

  test('read fresh stays read-only, and identifies its session', async () => {
    const store = new ServerStore(memory(), { keys, cookieCache: { maxAge: 60 } })
    const cookie = await visit(store, session => session.login('ann'))
    const request = nodeRequest(cookie)
    const copy = await store.get(request, 'sid', { readOnly: true })
    const fresh = await store.get(request, 'sid', { readOnly: true, fresh: true })
    assert.deepEqual([copy.isCopy, fresh.isCopy], [true, false])
    assert.throws(() => put({ a: 1 })(fresh), refused)
    const response = nodeResponse()
    await save(request, response)
    assert.deepEqual(setCookieLines(response), [])
    const [info] = await store.sessionsOf('ann')
    assert.equal(store.handleOf(fresh), info?.handle)
  })

  test('of a WebSocket upgrade', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ a: 1 }))
    const view = await store.fromHeaders({ cookie }, 'sid', { readOnly: true })
    assert.throws(() => put({ a: 2 })(view), refused)
    assert.equal((await Visit.open(store, cookie)).session.isReadOnly, false)
  })
})
