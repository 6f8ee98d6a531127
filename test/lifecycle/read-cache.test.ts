import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { registry, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { cookieOf, nodeRequest, setCookieLines } from '../support/http/http.ts'
import { Clock, counting, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

function open() {
  const clock = new Clock()
  const { now } = clock
  const inner = memory({ now })
  const { backend, calls } = counting(inner)
  const store = new ServerStore(backend, { now, keys, cookieCache: { maxAge: 30 } })
  return { clock, store, calls, inner }
}

/** Reads the session without `fresh: true`. */
const readCached = (store: ServerStore, cookie: string): Promise<Session> =>
  store.new(nodeRequest(cookie), 'sid')

const part = (cookie: string, name: string): string =>
  cookie.split('; ').find(each => each.startsWith(`${name}=`)) ?? ''

suite('cookieCache', () => {
  test('serves reads without the backend until the copy is too old', async () => {
    const { store, clock, calls } = open()
    const cookie = await visit(store, put({ foo: 'bar' }))
    assert.ok(part(cookie, 'sid.copy'))
    const before = { ...calls }
    for (let i = 0; i < 10; i++) {
      clock.at = clock.at + (i > 0 ? 3 : 0)
      if (i === 9) clock.at += 2
      const session = await readCached(store, cookie)
      assert.equal(session.values.foo, 'bar')
      assert.equal(session.isCopy, true)
      assert.equal(await visit(store, look, cookie), '')
    }
    assert.deepEqual(calls, before)
    clock.at += 1
    assert.equal((await readCached(store, cookie)).isCopy, false)
    assert.equal(calls.load, (before.load ?? 0) + 2)
    // The next save sets a new copy.
    const each = await Visit.open(store, cookie)
    await each.save()
    assert.equal(cookieOf(each.response, 'sid.copy')?.maxAge, 30)
    assert.equal(cookieOf(each.response, 'sid'), undefined)
  })

  test('serves an ended session no longer than maxAge', async () => {
    for (const end of ['destroy', 'revokeAll', 'revokeEverything', 'rotate'] as const) {
      const { store, clock } = open()
      const cookie = await visit(store, session => session.login('ann'))
      if (end === 'revokeAll') await store.revokeAll('ann')
      else if (end === 'revokeEverything') await store.revokeEverything()
      else await visit(store, session => session[end](), cookie)
      assert.ok((await read(store, cookie)).isNew, end)
      // Reading and saving in between does not extend it.
      let carried = cookie
      for (let second = 0; second < 30; second++) {
        const each = await Visit.open(store, carried)
        assert.equal(each.session.isNew, false, `${end} ${second}`)
        await each.save()
        const copy = cookieOf(each.response, 'sid.copy')
        if (copy) carried = `${part(cookie, 'sid')}; sid.copy=${copy.value}`
        clock.at += 1
      }
      assert.ok((await readCached(store, carried)).isNew, end)
    }
  })

  test('merges changes made on a copy, or drops them if the session has ended', async () => {
    const { store } = open()
    const cookie = await visit(store, put({ count: 1, foo: 'bar' }))
    await visit(store, session => session.increment('count'), part(cookie, 'sid'))
    const each = await Visit.open(store, cookie)
    assert.equal(each.session.isCopy, true)
    assert.equal(each.session.values.count, 1)
    each.session.increment('count')
    const after = await each.save()
    assert.equal(each.session.values.count, 3)
    assert.deepEqual((await read(store, cookie)).values, { count: 3, foo: 'bar' })
    assert.equal(
      (await readCached(store, `${part(cookie, 'sid')}; ${part(after, 'sid.copy')}`)).values.count,
      3,
    )
    await visit(store, session => session.destroy(), cookie)
    const late = await Visit.open(store, cookie)
    late.session.values.late = true
    await late.save()
    assert.equal(cookieOf(late.response, 'sid'), undefined)
    assert.equal(cookieOf(late.response, 'sid.copy')?.maxAge, 0)
    assert.ok((await read(store, cookie)).isNew)
  })

  test('a renewal of a copy does not extend stale values', async () => {
    const clock = new Clock()
    const { now } = clock
    const backend = memory({ now })
    const lifetime = { idle: 100, renewAfter: 10 }
    const store = new ServerStore(backend, { now, keys, lifetime, cookieCache: { maxAge: 30 } })
    const cookie = await visit(store, put({ admin: true }))
    await visit(store, put({ admin: false }), part(cookie, 'sid'))
    clock.at += 20
    const each = await Visit.open(store, cookie)
    assert.equal(each.session.values.admin, true)
    assert.equal(each.session.renewal, 'age')
    const renewed = await each.save()
    assert.equal((await readCached(store, renewed)).values.admin, false)
  })

  test('fresh: true reads the backend and updates the session of the request', async () => {
    const { store } = open()
    const cookie = await visit(store, put({ foo: 'bar' }))
    await visit(store, put({ foo: 'new' }), part(cookie, 'sid'))
    const request = nodeRequest(cookie)
    assert.equal((await store.get(request, 'sid')).values.foo, 'bar')
    const [one, two] = await Promise.all([
      store.get(request, 'sid', { fresh: true }),
      store.get(request, 'sid', { fresh: true }),
    ])
    assert.equal(one.values.foo, 'new')
    assert.equal(one, two)
    assert.equal(await store.get(request, 'sid'), one)
    assert.equal(await registry(request).get(store, 'sid', { fresh: true }), one)
  })

  test('sets no copy that is too large for a cookie, and deletes an older one', async () => {
    const { store } = open()
    const cookie = await visit(store, put({ foo: 'bar' }))
    const each = await Visit.open(store, cookie)
    each.session.values.text = 'x'.repeat(5000)
    await each.save()
    assert.equal(cookieOf(each.response, 'sid.copy')?.maxAge, 0)
    assert.equal(String((await read(store, cookie)).values.text).length, 5000)
  })

  test('ignores a copy that was tampered with or belongs to another session', async () => {
    const { store } = open()
    const mine = await visit(store, put({ who: 'mine' }))
    const other = await visit(store, put({ who: 'other' }))
    const id = part(mine, 'sid')
    const copy = part(mine, 'sid.copy')
    const flipped = copy.slice(0, -5) + (copy.at(-5) === 'A' ? 'B' : 'A') + copy.slice(-4)
    const named = `sid.copy=${id.slice('sid='.length)}`
    for (const wrong of [part(other, 'sid.copy'), flipped, named, 'sid.copy=', 'sid.copy=x']) {
      const session = await readCached(store, `${id}; ${wrong}`)
      assert.equal(session.isCopy, false, wrong)
      assert.equal(session.values.who, 'mine')
    }
    assert.equal((await readCached(store, copy)).reason, 'no-cookie')
    assert.equal((await readCached(store, `sid=x; ${copy}`)).reason, 'malformed')
  })

  test('deletes the copy with the session', async () => {
    const { store } = open()
    const cookie = await visit(store, put({ foo: 'bar' }))
    for (const end of [
      (session: Session) => session.destroy(),
      (session: Session) => {
        session.options.maxAge = 0
      },
    ]) {
      const each = await Visit.open(store, cookie)
      end(each.session)
      await each.save()
      assert.equal(cookieOf(each.response, 'sid')?.maxAge, 0)
      assert.equal(cookieOf(each.response, 'sid.copy')?.maxAge, 0)
      assert.equal(setCookieLines(each.response).length, 2)
    }
  })

  test('does not need the backend while the copy is valid', async () => {
    const { store, inner, clock } = open()
    const cookie = await visit(store, put({ foo: 'bar' }))
    inner.load = () => Promise.reject(new Error('down'))
    assert.equal((await readCached(store, cookie)).values.foo, 'bar')
    clock.at += 30
    await assert.rejects(readCached(store, cookie), { code: 'store-failed' })
  })

  test('refuses invalid options', () => {
    assert.throws(() => new ServerStore(memory(), { cookieCache: { maxAge: 5 } }), /needs keys/)
    assert.throws(
      () => new ServerStore(memory(), { keys, cookieCache: { maxAge: 0 } }),
      /cookieCache\.maxAge must be a whole number/,
    )
  })
})
