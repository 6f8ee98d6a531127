import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CookieStore, FilesystemStore, ServerStore, type Store } from 'silverback'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { cookieOf, nodeRequest, setCookieLines } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'identity-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0

/** A store of each kind, and whether a copy of a cookie is worth nothing after an ending. */
const kinds: Record<string, { open(now: () => number): Store; ends: boolean }> = {
  'a cookie store': { open: now => new CookieStore({ keys, now }), ends: false },
  'a cookie store with revocation': {
    open: now => new CookieStore({ keys, now, revocation: memory({ now }) }),
    ends: true,
  },
  'a cookie store that spills': {
    open: now => new CookieStore({ keys, now, tooLarge: 'spill', spillTo: memory({ now }) }),
    ends: false,
  },
  'a filesystem store': {
    open: now => new FilesystemStore(join(folder, String(folders++)), { keys, now }),
    ends: true,
  },
  'a server store': { open: now => new ServerStore(memory({ now }), { now }), ends: true },
  'a server store, encrypted': {
    open: now => new ServerStore(memory({ now }), { now, keys, encrypt: true }),
    ends: true,
  },
  'a server store with copies in the browser': {
    open: now => new ServerStore(memory({ now }), { now, keys, cookieCache: { maxAge: 30 } }),
    ends: true,
  },
}

for (const [kind, { open, ends }] of Object.entries(kinds)) {
  suite(kind, () => {
    const clock = new Clock()

    test('says what it can do', () => {
      assert.equal(open(clock.now).capabilities?.has('revocation'), ends)
      assert.ok(open(clock.now).capabilities?.has('metadata'))
    })

    test('login: another cookie, an owner, and of the values only what is kept', async () => {
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: [1], theme: 'dark', _csrf: 'x' }))
      clock.at += 50
      const cookie = await visit(store, session => session.login('ann', { keep: ['cart'] }), guest)
      assert.notEqual(cookie, guest)
      const session = await read(store, cookie)
      assert.deepEqual(session.values, { cart: [1] })
      assert.equal(session.owner, 'ann')
      assert.equal(session.authenticatedAt, clock.at)
      assert.equal(session.createdAt, clock.at)
      assert.equal(session.isNew, false)
    })

    test('login without a session before', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => session.login('ann'))
      assert.equal((await read(store, cookie)).owner, 'ann')
    })

    test('fixation: what was planted before the login is nobody’s after it', async () => {
      const store = open(clock.now)
      const planted = await visit(store, put({ planted: true }))
      const cookie = await visit(store, session => session.login('ann'), planted)
      const attacker = await read(store, planted)
      assert.equal(attacker.owner, undefined)
      if (ends) assert.equal(attacker.isNew, true)
      assert.equal((await read(store, cookie)).owner, 'ann')
    })

    test('a request that was under way at a login changes nothing', async () => {
      const store = open(clock.now)
      const planted = await visit(store, put({ planted: true }))
      const slow = await Visit.open(store, planted)
      const cookie = await visit(store, session => session.login('ann'), planted)
      slow.session.values.late = true
      const late = await slow.save()
      if (ends) assert.equal(late, '')
      assert.deepEqual((await read(store, cookie)).values, {})
      assert.equal((await read(store, late)).owner, undefined)
      if (ends) assert.ok((await read(store, planted)).isNew)
    })

    test('a login that is not saved did not happen', async () => {
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: 1 }))
      const failing = await Visit.open(store, guest)
      failing.session.login('ann')
      assert.deepEqual(setCookieLines(failing.response), [])
      const session = await read(store, guest)
      assert.deepEqual(session.values, { cart: 1 })
      assert.equal(session.owner, undefined)
    })

    test('rotate: another cookie, the same session, and its start stays', async () => {
      const store = open(clock.now)
      const began = clock.at
      const before = await visit(store, session => {
        session.login('ann')
        session.values.foo = 'bar'
        session.values._csrf = 'secret'
      })
      clock.at += 100
      const cookie = await visit(store, session => session.rotate(), before)
      assert.notEqual(cookie, before)
      const session = await read(store, cookie)
      assert.deepEqual(session.values, { foo: 'bar' })
      assert.equal(session.owner, 'ann')
      assert.equal(session.createdAt, began)
      assert.equal(session.authenticatedAt, began)
      if (ends) assert.ok((await read(store, before)).isNew)
    })

    test('rotate of a visitor without a session is no reason to begin one', async () => {
      assert.equal(await visit(open(clock.now), session => session.rotate()), '')
    })

    test('elevate: the life begins again', async () => {
      const store = open(clock.now)
      const before = await visit(store, session => {
        session.login('ann')
        session.values.foo = 'bar'
      })
      clock.at += 1000
      const cookie = await visit(
        store,
        session => {
          assert.equal(session.authenticatedWithin(1000), false)
          session.elevate()
          assert.equal(session.authenticatedWithin(1), true)
        },
        before,
      )
      const session = await read(store, cookie)
      assert.deepEqual(session.values, { foo: 'bar' })
      assert.equal(session.createdAt, clock.at)
      assert.ok(session.authenticatedWithin(1))
      if (ends) assert.ok((await read(store, before)).isNew)
    })

    test('destroy is for good', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => {
        session.login('ann')
        session.values.foo = 'bar'
      })
      const slow = await Visit.open(store, cookie)
      const ending = await Visit.open(store, cookie)
      ending.session.destroy()
      assert.ok(ending.session.isDestroyed)
      assert.deepEqual(ending.session.values, {})
      assert.equal(ending.session.owner, undefined)
      await ending.save()
      assert.equal(cookieOf(ending.response, 'sid')?.maxAge, 0)
      // Saved again, it is as gone as before.
      const lines = setCookieLines(ending.response)
      await ending.save()
      assert.deepEqual(setCookieLines(ending.response), lines)
      slow.session.values.late = true
      const late = await slow.save()
      if (!ends) return
      assert.equal(late, '')
      assert.ok((await read(store, cookie)).isNew)
    })

    test('what is changed after destroy is an error', async () => {
      const { session } = await Visit.open(open(clock.now))
      session.addFlash('hello')
      session.destroy()
      const error = { code: 'session-destroyed' }
      assert.throws(() => put({ foo: 1 })(session), error)
      assert.throws(() => {
        session.values = {}
      }, error)
      assert.throws(() => {
        session.owner = 'ann'
      }, error)
      assert.throws(() => session.addFlash('x'), error)
      assert.throws(() => session.increment('x'), error)
      assert.throws(() => session.login('ann'), error)
      assert.throws(() => session.rotate(), error)
      assert.throws(() => session.elevate(), error)
      assert.throws(() => session.mergeFrom(session), error)
      session.destroy()
    })

    test('a new session that is destroyed sets no cookie; one saved before it does', async () => {
      const store = open(clock.now)
      assert.equal(await visit(store, session => session.destroy()), '')
      const each = await Visit.open(store)
      each.session.values.foo = 1
      const cookie = await each.save()
      each.session.destroy()
      await each.save()
      assert.equal(cookieOf(each.response, 'sid')?.maxAge, 0)
      if (ends) assert.ok((await read(store, cookie)).isNew)
    })

    test('saved twice in one request: after a login, a rotation, a change', async () => {
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: 1 }))
      const each = await Visit.open(store, guest)
      each.session.login('ann')
      await each.save()
      each.session.values.more = 1
      await each.save()
      each.session.rotate()
      await each.save()
      each.session.values.last = 2
      const cookie = await each.save()
      const names = setCookieLines(each.response).map(line => line.split('=')[0])
      assert.equal(new Set(names).size, names.length)
      const session = await read(store, cookie)
      assert.deepEqual(session.values, { more: 1, last: 2 })
      assert.equal(session.owner, 'ann')
    })

    test('remember: for as long as it may live, for some seconds, until the browser closes', async () => {
      const store = open(clock.now)
      for (const [keep, maxAge] of [
        [true, 30 * 86_400],
        [600, 600],
        [false, null],
      ] as const) {
        const each = await Visit.open(store)
        each.session.values.foo = 1
        each.session.remember(keep)
        const cookie = await each.save()
        assert.equal(cookieOf(each.response, 'sid')?.maxAge, maxAge)
        const again = await read(store, cookie)
        assert.equal(again.options.maxAge, maxAge ?? 'session')
      }
      const { session } = await Visit.open(store)
      for (const wrong of [0, -5, 1.5, Number.POSITIVE_INFINITY]) {
        assert.throws(() => session.remember(wrong), RangeError)
      }
    })

    test('the label is kept beside the values', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => {
        session.login('ann')
        session.label = 'Firefox on Linux'
      })
      const again = await visit(store, session => session.rotate(), cookie)
      assert.equal((await read(store, again)).label, 'Firefox on Linux')
      // And gone with the owner whom it told of.
      const other = await visit(store, session => session.login('bob'), again)
      assert.equal((await read(store, other)).label, undefined)
    })

    test('an untouched session sets no cookie', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => {
        session.login('ann')
        session.label = 'here'
        session.remember()
      })
      const each = await Visit.open(store, cookie)
      await each.save()
      assert.equal(cookieOf(each.response, 'sid'), undefined)
    })

    test('an owner is read back letter by letter', async () => {
      const store = open(clock.now)
      for (const owner of ['\ufeffann', 'ann\0', ' ann', 'Ünï', '💚']) {
        const cookie = await visit(store, session => session.login(owner))
        assert.equal((await read(store, cookie)).owner, owner)
      }
    })
  })
}

suite('login', () => {
  test('refuses what names nobody', async () => {
    const { session } = await Visit.open(new CookieStore({ keys }))
    for (const wrong of ['', undefined, null, 5, 'half of a pair: \ud800']) {
      assert.throws(() => session.login(wrong as string), TypeError)
    }
    assert.equal(session.owner, undefined)
  })

  test('what the session before was told of its life is not taken along', async () => {
    const store = new ServerStore(memory())
    const guest = await visit(store, session => {
      session.values.cart = 1
      session.remember(20 * 86_400)
      session.lifetime.idle = 5
    })
    const cookie = await visit(store, session => session.login('ann'), guest)
    const session = await read(store, cookie)
    assert.equal(session.options.maxAge, 'session')
    assert.equal(session.lifetime.idle, 86_400)
    const told = await visit(
      store,
      session => {
        session.login('ann')
        session.remember(600)
      },
      guest,
    )
    assert.ok(told)
  })
})

suite('fresh', () => {
  test('is a matter of time, whichever way the clock jumps', async () => {
    const clock = new Clock()
    const { session } = await Visit.open(new CookieStore({ keys, now: clock.now }))
    assert.equal(session.authenticatedWithin(300), false)
    session.login('ann')
    assert.equal(session.authenticatedWithin(300), true)
    clock.at += 299
    assert.equal(session.authenticatedWithin(300), true)
    clock.at += 1
    assert.equal(session.authenticatedWithin(300), false)
    clock.at -= 86_400
    assert.equal(session.authenticatedWithin(300), false)
    assert.throws(() => session.authenticatedWithin(0), RangeError)
  })
})

suite('mergeFrom', () => {
  const store = new CookieStore({ keys })
  const session = async (values: object) => {
    const { session } = await Visit.open(store)
    put(values)(session)
    return session
  }

  test('takes what is not there yet', async () => {
    const mine = await session({ a: 1 })
    mine.mergeFrom(await session({ a: 2, b: 3 }))
    assert.deepEqual(mine.values, { a: 1, b: 3 })
  })

  test('takes the keys it is told, combined as it is told', async () => {
    const mine = await session({ cart: [1], name: 'ann' })
    mine.mergeFrom(await session({ cart: [2], name: 'guest', other: 1 }), {
      keys: ['cart', 'missing'],
      combine: (a, b) => [...(a as number[]), ...(b as number[])],
    })
    assert.deepEqual(mine.values, { cart: [1, 2], name: 'ann' })
  })

  test('leaves what belongs to the other session alone: its token, its moments', async () => {
    const mine = await session({})
    mine.mergeFrom(
      await session({ _csrf: 'known to whoever planted it', _expires: { a: 1 }, a: 1 }),
    )
    assert.deepEqual(mine.values, { a: 1 })
  })

  test('a key may be any text', async () => {
    const mine = await session({})
    const other = await session(JSON.parse('{"constructor":1}'))
    Object.defineProperty(other.values, '__proto__', { value: 2, enumerable: true })
    mine.mergeFrom(other, { keys: ['constructor', '__proto__'] })
    assert.deepEqual(Object.keys(mine.values), ['constructor', '__proto__'])
    assert.equal(Object.getPrototypeOf(mine.values), Object.prototype)
  })
})

suite('the stores of gorilla', () => {
  const stores: Record<string, Store> = {
    cookieStore: cookieStore('hash key'),
    filesystemStore: filesystemStore(join(folder, 'gorilla'), 'hash key'),
  }
  for (const [name, store] of Object.entries(stores)) {
    test(`${name} refuses what its format has no place for`, async () => {
      const notKept = { code: 'not-kept' }
      await assert.rejects(
        visit(store, session => session.login('ann')),
        notKept,
      )
      await assert.rejects(
        visit(store, session => session.elevate()),
        notKept,
      )
      await assert.rejects(
        visit(store, session => {
          session.owner = 'ann'
        }),
        notKept,
      )
      await assert.rejects(
        visit(store, session => {
          session.label = 'here'
        }),
        notKept,
      )
      await assert.rejects(
        visit(store, session => {
          session.lifetime.idle = 60
        }),
        notKept,
      )
      assert.equal(store.capabilities?.has('metadata'), false)
      assert.equal(store.capabilities?.has('lifetimes'), false)
    })

    test(`${name} rotates and destroys`, async () => {
      const before = await visit(store, put({ foo: 'bar', _csrf: 'x' }))
      const cookie = await visit(store, session => session.rotate(), before)
      assert.notEqual(cookie, before)
      assert.deepEqual((await read(store, cookie)).values, { foo: 'bar' })
      if (name === 'filesystemStore') assert.equal((await read(store, before)).reason, 'unknown-id')
      const ending = await Visit.open(store, cookie)
      ending.session.destroy()
      await ending.save()
      assert.equal(cookieOf(ending.response, 'sid')?.maxAge, 0)
      if (name === 'filesystemStore') assert.ok((await read(store, cookie)).isNew)
    })

    test(`${name} remembers as Go does`, async () => {
      const each = await Visit.open(store)
      each.session.values.foo = 1
      each.session.remember(600)
      await each.save()
      assert.equal(cookieOf(each.response, 'sid')?.maxAge, 600)
    })
  }
})

test('a request of a WebSocket: its headers are enough', async () => {
  const store = new ServerStore(memory())
  const cookie = await visit(store, session => session.login('ann'))
  assert.equal((await store.fromHeaders({ cookie }, 'sid')).owner, 'ann')
  const headers = new Headers({ cookie })
  assert.equal((await store.fromHeaders(headers, 'sid')).owner, 'ann')
  assert.equal((await store.fromHeaders(nodeRequest(cookie).headers, 'sid')).owner, 'ann')
  assert.equal((await store.fromHeaders({}, 'sid')).reason, 'no-cookie')
})

test('a look is no reason to write', async () => {
  for (const { open } of Object.values(kinds)) {
    assert.equal(await visit(open(new Clock().now), look), '')
  }
})
