import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, type CookieStoreOptions } from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { setCookieLines } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const day = 86_400

function open(options: Partial<CookieStoreOptions> = {}) {
  const clock = new Clock()
  const { now } = clock
  const backend = memory({ now, whenFull: 'throw' })
  const store = new CookieStore({ keys, now, revocation: backend, ...options })
  return { clock, backend, store }
}

const signIn = (store: CookieStore, owner = 'ann'): Promise<string> =>
  visit(store, session => session.login(owner))

suite('a cookie store with revocation', () => {
  test('rejects a captured cookie as revoked after destroy, rotate and elevate', async () => {
    for (const operation of ['destroy', 'rotate', 'elevate'] as const) {
      const { store } = open()
      const captured = await signIn(store)
      const cookie = await visit(store, session => session[operation](), captured)
      assert.equal((await read(store, captured)).reason, 'revoked')
      assert.deepEqual((await read(store, captured)).values, {})
      if (operation !== 'destroy') assert.equal((await read(store, cookie)).owner, 'ann')
    }
  })

  test('rejects a captured cookie of the previous owner after a login', async () => {
    const { store } = open()
    const captured = await signIn(store)
    const cookie = await visit(store, session => session.login('bob'), captured)
    assert.equal((await read(store, captured)).reason, 'revoked')
    assert.equal((await read(store, cookie)).owner, 'bob')
  })

  test('revokeAll ends every session of the owner except the given one', async () => {
    const { store } = open()
    const [here, there, other] = [
      await signIn(store),
      await signIn(store),
      await signIn(store, 'bob'),
    ]
    const each = await Visit.open(store, here)
    await store.revokeAll('ann', { except: each.session })
    const kept = await each.save()
    assert.equal((await read(store, kept)).owner, 'ann')
    assert.equal((await read(store, here)).reason, 'revoked')
    assert.equal((await read(store, there)).reason, 'revoked')
    assert.equal((await read(store, other)).owner, 'bob')
    const later = await signIn(store)
    assert.equal((await read(store, later)).owner, 'ann')
    // It also works twice within one second.
    await store.revokeAll('ann')
    for (const cookie of [kept, later]) {
      assert.equal((await read(store, cookie)).reason, 'revoked')
    }
  })

  test('revokeAll also ends sessions whose owner was set without a login', async () => {
    const { store } = open()
    const guest = await visit(store, put({ cart: 1 }))
    const cookie = await visit(
      store,
      session => {
        session.owner = 'ann'
      },
      guest,
    )
    await store.revokeAll('ann')
    assert.equal((await read(store, cookie)).reason, 'revoked')
    assert.equal((await read(store, guest)).isNew, false)
  })

  test('revocations last as long as any revoked cookie could be valid', async () => {
    const { store, clock } = open({ lifetime: { idle: 40 * day, absolute: 40 * day } })
    const began = clock.at
    const [one, two] = [await signIn(store), await signIn(store)]
    await visit(store, session => session.destroy(), one)
    await store.revokeAll('ann')
    const after = await signIn(store)
    for (let at = 0; at < 40 * day; at += day) {
      clock.at = began + at
      for (const cookie of [one, two]) assert.ok((await read(store, cookie)).isNew, `${at}`)
      assert.equal((await read(store, after)).owner, 'ann')
    }
    // The revocation record has expired. A new revocation must still take effect.
    clock.at = began + 50 * day
    const cookie = await signIn(store)
    await store.revokeAll('ann')
    assert.equal((await read(store, cookie)).reason, 'revoked')
  })

  test('a clock that was a day behind at the revocation revives nothing', async () => {
    const { store, clock } = open()
    const began = clock.at
    const cookie = await visit(store, session => {
      session.login('ann')
      session.remember()
    })
    const other = await visit(store, session => {
      session.login('ann')
      session.remember()
    })
    const ending = await Visit.open(store, cookie)
    clock.at -= day
    ending.session.destroy()
    await ending.save()
    await store.revokeAll('ann')
    for (let at = 0; at <= 30; at++) {
      clock.at = began + at * day - 1
      assert.ok((await read(store, cookie)).isNew, `day ${at}`)
      assert.ok((await read(store, other)).isNew, `day ${at}`)
    }
  })

  test('revokeEverything ends existing sessions and does not affect later ones', async () => {
    const { store, backend, clock } = open()
    const elsewhere = new CookieStore({ keys, now: clock.now, revocation: backend })
    const cookies = [await visit(store, put({ a: 1 })), await signIn(elsewhere)]
    const plain = await visit(new CookieStore({ keys, now: clock.now }), put({ a: 1 }))
    await store.revokeEverything()
    clock.at += 1
    for (const each of [store, elsewhere]) {
      for (const cookie of [...cookies, plain]) {
        assert.equal((await read(each, cookie)).reason, 'revoked')
      }
      const later = await signIn(each)
      assert.equal((await read(store, later)).owner, 'ann')
      assert.equal((await read(elsewhere, later)).owner, 'ann')
      const guest = await visit(each, put({ b: 2 }), cookies[0])
      assert.deepEqual((await read(elsewhere, guest)).values, { b: 2 })
    }
    await elsewhere.revokeEverything()
    assert.ok((await read(elsewhere, await signIn(elsewhere))).owner)
  })

  test('a late save of an ended session sets no cookie', async () => {
    const { store } = open()
    for (const end of ['destroy', 'rotate'] as const) {
      const cookie = await signIn(store)
      const slow = await Visit.open(store, cookie)
      await visit(store, session => session[end](), cookie)
      slow.session.values.late = true
      assert.equal(await slow.save(), '')
    }
    const cookie = await signIn(store)
    const slow = await Visit.open(store, cookie)
    await store.revokeAll('ann')
    slow.session.values.late = true
    assert.equal(await slow.save(), '')
  })

  test('two concurrent rotations invalidate the old cookie and keep the session', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const visits = [await Visit.open(store, cookie), await Visit.open(store, cookie)]
    for (const { session } of visits) session.rotate()
    const cookies = (await Promise.all(visits.map(each => each.save()))).filter(Boolean)
    assert.ok((await read(store, cookie)).isNew)
    assert.ok(cookies.length > 0)
    for (const each of cookies) assert.equal((await read(store, each)).owner, 'ann')
  })

  test('a rotation that fails because the session is too large keeps the old cookie valid', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const each = await Visit.open(store, cookie)
    each.session.rotate()
    each.session.values.text = 'x'.repeat(5000)
    await assert.rejects(each.save(), { code: 'cookie-too-large' })
    assert.deepEqual(setCookieLines(each.response), [])
    assert.equal((await read(store, cookie)).owner, 'ann')
  })

  test('ends sessions that were spilled to a backend', async () => {
    const { store, clock } = open({ tooLarge: 'spill', spillTo: memory() })
    clock.at = Math.floor(Date.now() / 1000)
    for (const end of ['destroy', 'rotate'] as const) {
      const cookie = await visit(store, session => {
        session.login('ann')
        session.values.text = 'x'.repeat(5000)
      })
      assert.equal((await read(store, cookie)).owner, 'ann')
      const next = await visit(store, session => session[end](), cookie)
      assert.ok((await read(store, cookie)).isNew)
      if (end === 'rotate') assert.equal((await read(store, next)).owner, 'ann')
      await store.revokeAll('ann')
      if (end === 'rotate') assert.equal((await read(store, next)).reason, 'revoked')
    }
  })

  test('accepts cookies from before revocation was enabled and upgrades them at the next save', async () => {
    const { store, clock } = open()
    const before = await signIn(new CookieStore({ keys, now: clock.now }))
    const upgraded = await visit(store, put({ a: 1 }), before)
    assert.equal((await read(store, upgraded)).owner, 'ann')
    await visit(store, session => session.destroy(), upgraded)
    assert.equal((await read(store, upgraded)).reason, 'revoked')
    await store.revokeAll('ann')
    assert.equal((await read(store, before)).reason, 'revoked')
  })

  test('is strict on request: after the backend lost its data, no earlier session is valid', async () => {
    for (const strictRevocation of [true, false]) {
      const { store, backend, clock } = open({ strictRevocation })
      const [captured, other] = [await signIn(store), await signIn(store, 'bob')]
      clock.at += 60
      await visit(store, session => session.destroy(), captured)
      assert.equal((await read(store, other)).owner, 'bob')
      for await (const key of backend.all()) await backend.delete(key)
      const again = await signIn(store)
      const reason = strictRevocation ? 'revoked' : undefined
      for (const cookie of [captured, other]) {
        assert.equal((await read(store, cookie)).reason, reason)
      }
      clock.at += 60
      const rotated = await visit(store, session => session.rotate(), again)
      assert.equal((await read(store, rotated)).owner, 'ann')
      assert.equal((await read(store, again)).reason, 'revoked')
    }
  })

  test('strictRevocation accepts the first session of all, also from a slow sign-in', async () => {
    const { store, clock } = open({ strictRevocation: true })
    const slow = await Visit.open(store)
    slow.session.login('ann')
    clock.at += 5
    assert.equal((await read(store, await slow.save())).owner, 'ann')
  })

  test('reads and saves reject when the backend fails, and set no cookie', async () => {
    const { store, backend, clock } = open()
    const cookie = await signIn(store)
    const each = await Visit.open(store, cookie)
    backend.load = () => Promise.reject(new Error('down'))
    clock.at += 1
    await assert.rejects(read(store, cookie), { code: 'store-failed' })
    each.session.values.more = 1
    await assert.rejects(each.save(), { code: 'store-failed' })
    assert.deepEqual(setCookieLines(each.response), [])
  })

  test('does not read the backend for a visitor without a valid cookie', async () => {
    const { store, backend } = open()
    backend.load = () => Promise.reject(new Error('asked'))
    assert.equal(await visit(store, look), '')
    assert.equal((await read(store, 'sid=nonsense')).reason, 'malformed')
  })
})

test('strictRevocation needs revocation', () => {
  const options = { keys, strictRevocation: true }
  assert.throws(() => new CookieStore(options), /strictRevocation needs revocation, a backend/)
})

test('revokeAll and revokeEverything reject without the option revocation', async () => {
  const store = new CookieStore({ keys })
  const message = /needs the option revocation: cookies alone cannot be revoked/
  await assert.rejects(store.revokeAll('ann'), { name: 'TypeError', message })
  await assert.rejects(store.revokeEverything(), { name: 'TypeError', message })
  assert.equal(store.capabilities.has('revocation'), false)
  const { codecs } = cookieStore('key')
  assert.throws(
    () => new CookieStore({ codecs, revocation: memory({ whenFull: 'throw' }) }),
    /revocation needs keys/,
  )
})

test('a backend that may lose revocations is refused unless that is accepted', () => {
  assert.throws(() => new CookieStore({ keys, revocation: memory() }), {
    name: 'TypeError',
    message:
      "the backend of revocation does not give every guarantee; to use it anyway, pass acceptLimitations: ['records-may-be-evicted']; a memory backend keeps its records with memory({ whenFull: 'throw' })",
  })
  const acceptLimitations = ['records-may-be-evicted'] as const
  assert.ok(new CookieStore({ keys, revocation: memory(), acceptLimitations }))
  const weak = Object.assign(memory(), { limitations: ['deleted-may-return'] as const })
  assert.throws(
    () => new CookieStore({ keys, tooLarge: 'spill', spillTo: weak }),
    /the backend of spillTo does not give every guarantee/,
  )
  assert.ok(new CookieStore({ keys, tooLarge: 'spill', spillTo: memory() }))
})
