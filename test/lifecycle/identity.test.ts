import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CookieStore, FilesystemStore, ServerStore, type Session, type Store } from 'silverback'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { cookieOf, nodeRequest, setCookieLines } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'identity-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0

/** Each kind of store, and whether a captured cookie is invalid once its session has ended. */
const kinds: Record<string, { open(now: () => number): Store; ends: boolean }> = {
  'a cookie store': { open: now => new CookieStore({ keys, now }), ends: false },
  'a cookie store with revocation': {
    open: now => new CookieStore({ keys, now, revocation: memory({ now, whenFull: 'throw' }) }),
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

async function linesAfter(
  store: Store,
  change: (session: Session) => void,
  sent: string,
): Promise<string[]> {
  const each = await Visit.open(store, sent)
  change(each.session)
  await each.save()
  return setCookieLines(each.response)
}

for (const [kind, { open, ends }] of Object.entries(kinds)) {
  suite(kind, () => {
    const clock = new Clock()

    test('declares its capabilities', () => {
      assert.equal(open(clock.now).capabilities?.has('revocation'), ends)
      assert.ok(open(clock.now).capabilities?.has('metadata'))
    })

    test('login keeps what the same request has set, and drops what the visitor brought', async () => {
      const store = open(new Clock().now)
      const guest = await visit(store, put({ planted: true, list: [1], changed: 1 }))
      const cookie = await visit(
        store,
        session => {
          Object.assign(session.values, { chosen: 'before', changed: 2 })
          session.addFlash('welcome')
          session.login('ann')
          session.values.later = 'after'
        },
        guest,
      )
      const session = await read(store, cookie)
      assert.deepEqual(session.flashes(), ['welcome'])
      assert.deepEqual(session.values, { chosen: 'before', changed: 2, later: 'after' })
    })

    test('login sets a new cookie and an owner, and drops values that are not kept', async () => {
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: [1], theme: 'dark', _csrf: 'x' }))
      clock.at += 50
      const cookie = await visit(store, session => session.login('ann', { keep: ['cart'] }), guest)
      assert.notEqual(cookie, guest)
      const session = await read(store, cookie)
      assert.deepEqual(session.values, { cart: [1] })
      assert.equal(session.owner, 'ann')
      assert.deepEqual(session.authenticatedAt, new Date(clock.at * 1000))
      assert.deepEqual(session.createdAt, new Date(clock.at * 1000))
      assert.equal(session.isNew, false)
    })

    test('login works without an existing session', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => session.login('ann'))
      assert.equal((await read(store, cookie)).owner, 'ann')
    })

    test('login gives a planted session no owner (session fixation)', async () => {
      const store = open(clock.now)
      const planted = await visit(store, put({ planted: true }))
      const cookie = await visit(store, session => session.login('ann'), planted)
      const attacker = await read(store, planted)
      assert.equal(attacker.owner, undefined)
      if (ends) assert.equal(attacker.isNew, true)
      assert.equal((await read(store, cookie)).owner, 'ann')
    })

    test('a slow request does not change the session of a concurrent login', async () => {
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

    test('login has no effect unless it is saved', async () => {
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: 1 }))
      const failing = await Visit.open(store, guest)
      failing.session.login('ann')
      assert.deepEqual(setCookieLines(failing.response), [])
      const session = await read(store, guest)
      assert.deepEqual(session.values, { cart: 1 })
      assert.equal(session.owner, undefined)
    })

    test('rotate sets a new cookie and keeps the session and its creation time', async () => {
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
      assert.deepEqual(session.createdAt, new Date(began * 1000))
      assert.deepEqual(session.authenticatedAt, new Date(began * 1000))
      if (ends) assert.ok((await read(store, before)).isNew)
    })

    test('rotate does not create a session', async () => {
      assert.equal(await visit(open(clock.now), session => session.rotate()), '')
    })

    test('elevate restarts the lifetime and records the authentication', async () => {
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
      assert.deepEqual(session.createdAt, new Date(clock.at * 1000))
      assert.ok(session.authenticatedWithin(1))
      if (ends) assert.ok((await read(store, before)).isNew)
    })

    test('destroy ends the session permanently', async () => {
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
      // Saving again changes nothing.
      const lines = setCookieLines(ending.response)
      await ending.save()
      assert.deepEqual(setCookieLines(ending.response), lines)
      slow.session.values.late = true
      const late = await slow.save()
      if (!ends) return
      assert.equal(late, '')
      assert.ok((await read(store, cookie)).isNew)
    })

    test('changes after destroy throw', async () => {
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

    test('destroying a new session sets no cookie, unless it was saved before', async () => {
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

    test('can be saved repeatedly in one request, after a login, a rotation and a change', async () => {
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

    test('remember sets the cookie lifetime: maximum, seconds or browser session', async () => {
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

    test('stores the label with the session, until another owner logs in', async () => {
      const store = open(clock.now)
      const cookie = await visit(store, session => {
        session.login('ann')
        session.label = 'Firefox on Linux'
      })
      const again = await visit(store, session => session.rotate(), cookie)
      assert.equal((await read(store, again)).label, 'Firefox on Linux')
      // The label described the session of the previous owner.
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

    test('only login and elevate count as authentication', async () => {
      const clock = new Clock()
      const store = open(clock.now)
      const guest = await visit(store, put({ cart: 1 }))
      assert.equal((await read(store, guest)).authenticatedAt, undefined)
      const began = clock.at
      let cookie = await visit(store, session => session.login('ann'), guest)
      for (const use of [look, put({ a: 1 }), put({ a: 2 }), (s: Session) => s.rotate()]) {
        clock.at += 5000
        cookie = (await visit(store, use, cookie)) || cookie
        const session = await read(store, cookie)
        assert.deepEqual(session.authenticatedAt, new Date(began * 1000))
        assert.equal(session.authenticatedWithin(clock.at - began), false)
        assert.equal(session.authenticatedWithin(clock.at - began + 1), true)
      }
    })

    test('a visitor who only looks gets no cookie', async () => {
      const store = open(clock.now)
      for (const sent of ['', 'other=1', 'sid=x', `sid=${'A'.repeat(43)}`]) {
        assert.deepEqual(await linesAfter(store, look, sent), [], sent)
        assert.deepEqual(await linesAfter(store, session => session.flashes(), sent), [], sent)
      }
    })

    test('preserves every character of an owner', async () => {
      const store = open(clock.now)
      for (const owner of ['\ufeffann', 'ann\0', ' ann', 'Ünï', '💚']) {
        const cookie = await visit(store, session => session.login(owner))
        assert.equal((await read(store, cookie)).owner, owner)
      }
    })
  })
}

suite('login', () => {
  test('refuses an owner that is not a non-empty string', async () => {
    const { session } = await Visit.open(new CookieStore({ keys }))
    for (const wrong of ['', undefined, null, 5, 'half of a pair: \ud800']) {
      assert.throws(() => session.login(wrong as string), TypeError)
    }
    assert.equal(session.owner, undefined)
  })

  test('drops the lifetime settings of the previous session', async () => {
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
    const remembered = await visit(
      store,
      session => {
        session.login('ann')
        session.remember(600)
      },
      guest,
    )
    assert.ok(remembered)
  })
})

suite('authenticatedWithin', () => {
  test('is true only within the given seconds, also when the clock jumps', async () => {
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

  test('adds keys that are missing', async () => {
    const mine = await session({ a: 1 })
    mine.mergeFrom(await session({ a: 2, b: 3 }))
    assert.deepEqual(mine.values, { a: 1, b: 3 })
  })

  test('merges the given keys with the given functions', async () => {
    const mine = await session({ cart: [1], name: 'ann' })
    mine.mergeFrom(await session({ cart: [2], name: 'guest', other: 1 }), {
      keys: ['cart', 'missing'],
      combine: { cart: (a, b) => [...(a as number[]), ...(b as number[])], name: undefined },
    })
    assert.deepEqual(mine.values, { cart: [1, 2], name: 'ann' })
  })

  test('does not copy the CSRF secret and the key expiries of the other session', async () => {
    const mine = await session({})
    mine.mergeFrom(await session({ _csrf: 'known to an attacker', _expires: { a: 1 }, a: 1 }))
    assert.deepEqual(mine.values, { a: 1 })
  })

  test('keeps the value of the session where no function combines', async () => {
    const mine = await session({ a: 1, constructor: 1, name: 'ann' })
    mine.mergeFrom(await session({ a: 2, constructor: 2, name: 'guest' }), {
      combine: { name: undefined, a: (_, theirs) => theirs },
    })
    assert.deepEqual(mine.values, { a: 2, constructor: 1, name: 'ann' })
  })

  test('refuses anything but functions by key, and copies nothing then', async () => {
    const mine = await session({ a: 1 })
    const other = await session({ a: 2, b: 2 })
    for (const [combine, message] of [
      [() => 1, 'combine must be an object of functions by key, not a function'],
      [null, 'combine must be an object of functions by key, not null'],
      [{ a: 1 }, 'combine.a must be a function, not a number'],
    ] as const) {
      assert.throws(() => mine.mergeFrom(other, { combine } as never), {
        name: 'TypeError',
        message,
      })
    }
    assert.deepEqual(mine.values, { a: 1 })
  })

  test('handles keys such as __proto__', async () => {
    const mine = await session({})
    const other = await session(JSON.parse('{"constructor":1}'))
    Object.defineProperty(other.values, '__proto__', { value: 2, enumerable: true })
    mine.mergeFrom(other, { keys: ['constructor', '__proto__'] })
    assert.deepEqual(Object.keys(mine.values), ['constructor', '__proto__'])
    assert.equal(Object.getPrototypeOf(mine.values), Object.prototype)
  })
})

suite('stores compatible with gorilla', () => {
  const stores: Record<string, Store> = {
    cookieStore: cookieStore('hash key'),
    filesystemStore: filesystemStore(join(folder, 'gorilla'), 'hash key'),
  }
  for (const [name, store] of Object.entries(stores)) {
    test(`${name} refuses what its format cannot store`, async () => {
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

    test(`${name} supports rotate and destroy`, async () => {
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

    test(`${name} supports remember`, async () => {
      const each = await Visit.open(store)
      each.session.values.foo = 1
      each.session.remember(600)
      await each.save()
      assert.equal(cookieOf(each.response, 'sid')?.maxAge, 600)
    })
  }
})

test('fromHeaders loads a session for a WebSocket from headers alone', async () => {
  const store = new ServerStore(memory())
  const cookie = await visit(store, session => session.login('ann'))
  assert.equal((await store.fromHeaders({ cookie }, 'sid')).owner, 'ann')
  const headers = new Headers({ cookie })
  assert.equal((await store.fromHeaders(headers, 'sid')).owner, 'ann')
  assert.equal((await store.fromHeaders(nodeRequest(cookie).headers, 'sid')).owner, 'ann')
  assert.equal((await store.fromHeaders({}, 'sid')).reason, 'no-cookie')
})

test('reading a session writes nothing', async () => {
  for (const { open } of Object.values(kinds)) {
    assert.equal(await visit(open(new Clock().now), look), '')
  }
})
