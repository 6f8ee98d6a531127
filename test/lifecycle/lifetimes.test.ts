import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import {
  CookieStore,
  defineSession,
  FilesystemStore,
  type Lifetime,
  lifetimes,
  ServerStore,
  type Store,
} from 'silverback'
import { memory } from 'silverback/memory'
import { cookieOf } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const day = 86_400
const folder = mkdtempSync(join(tmpdir(), 'lifetimes-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0

interface LifetimeOptions {
  lifetime?: Lifetime
  options?: { maxAge?: number }
}

const kinds: Record<string, (clock: Clock, options?: LifetimeOptions) => Store> = {
  'a cookie store': ({ now }, options) => new CookieStore({ keys, now, ...options }),
  'a cookie store that spills': ({ now }, options) =>
    new CookieStore({ keys, now, ...options, tooLarge: 'spill', spillTo: memory({ now }) }),
  'a filesystem store': ({ now }, options) =>
    new FilesystemStore(join(folder, String(folders++)), { keys, now, ...options }),
  'a server store': ({ now }, options) => new ServerStore(memory({ now }), { now, ...options }),
  'a server store, encrypted': ({ now }, options) =>
    new ServerStore(memory({ now }), { now, keys, encrypt: true, ...options }),
}

/** Fills a session, beyond the size of a cookie for stores that spill. */
const fill = (kind: string) =>
  put({ foo: 'bar', ...(kind.includes('spills') && { text: 'x'.repeat(5000) }) })

for (const [kind, open] of Object.entries(kinds)) {
  suite(kind, () => {
    const ways: Record<string, (clock: Clock, lifetime: Lifetime) => Store> = {
      store: (clock, lifetime) => open(clock, { lifetime }),
      definition: (clock, lifetime) => {
        const store = open(clock)
        defineSession(store, 'sid', { lifetime })
        return store
      },
    }
    for (const [way, openWith] of Object.entries(ways)) {
      test(`the idle timeout of the ${way} is exact to the second on reads`, async () => {
        for (const idle of [100, 7 * day]) {
          const clock = new Clock()
          const store = openWith(clock, { idle })
          const cookie = await visit(store, fill(kind))
          clock.at += idle - 1
          assert.equal((await read(store, cookie)).values.foo, 'bar', `${idle}`)
          clock.at += 1
          assert.deepEqual((await read(store, cookie)).values, {})
          assert.ok((await read(store, cookie)).isNew)
        }
      })

      test(`the absolute timeout of the ${way} is not extended by use`, async () => {
        for (const [idle, absolute] of [
          [100, 450],
          [40 * day, 90 * day],
        ] as const) {
          const clock = new Clock()
          const began = clock.at
          const store = openWith(clock, { idle, absolute })
          let cookie = await visit(store, fill(kind))
          for (let visits = 0; clock.at + idle / 2 < began + absolute; visits++) {
            clock.at += idle / 2
            const use = visits % 2 === 0 ? look : put({ visits })
            cookie = (await visit(store, use, cookie)) || cookie
          }
          clock.at = began + absolute - 1
          assert.equal((await read(store, cookie)).values.foo, 'bar', `${absolute}`)
          clock.at += 1
          assert.ok((await read(store, cookie)).isNew)
        }
      })
    }

    test('the lifetime of a single session is stored and never exceeds that of the store', async () => {
      const clock = new Clock()
      const began = clock.at
      const store = open(clock, { lifetime: { idle: 1000, absolute: 10_000 } })
      let cookie = await visit(store, session => {
        fill(kind)(session)
        session.lifetime.idle = 200
        session.lifetime.absolute = 500
      })
      for (let used = 0; used < 400; used += 100) {
        clock.at += 100
        cookie = (await visit(store, put({ used }), cookie)) || cookie
      }
      const { lifetime } = await read(store, cookie)
      assert.deepEqual([lifetime.idle, lifetime.absolute], [200, 500])
      clock.at = began + 499
      assert.equal((await read(store, cookie)).values.foo, 'bar')
      clock.at = began + 500
      assert.ok((await read(store, cookie)).isNew)
      const longer = await visit(store, session => {
        fill(kind)(session)
        session.lifetime.idle = 20_000
        session.lifetime.absolute = 20_000
      })
      clock.at += 9999
      assert.equal((await read(store, longer)).values.foo, 'bar')
      clock.at += 1
      assert.ok((await read(store, longer)).isNew)
    })

    test('an invalid lifetime is refused before anything is written', async () => {
      for (const wrong of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const each = await Visit.open(open(new Clock()))
        each.session.values.foo = 1
        each.session.lifetime.idle = wrong
        await assert.rejects(each.save(), /^RangeError: lifetime\.idle must be a whole number/)
        assert.equal(cookieOf(each.response, 'sid'), undefined)
      }
    })

    test('a login restarts the lifetime, a rotation does not', async () => {
      const clock = new Clock()
      const store = open(clock, { lifetime: { idle: 1000, absolute: 1000 } })
      const guest = await visit(store, fill(kind))
      clock.at += 900
      const user = await visit(
        store,
        session => {
          session.login('ann')
          session.values.foo = 'bar'
        },
        guest,
      )
      clock.at += 900
      const rotated = await visit(store, session => session.rotate(), user)
      assert.equal((await read(store, rotated)).values.foo, 'bar')
      clock.at += 99
      assert.equal((await read(store, rotated)).values.foo, 'bar')
      clock.at += 1
      assert.ok((await read(store, rotated)).isNew)
    })

    test('clock jumps of a day never extend a session', async () => {
      const idle = 3600
      for (const absolute of [1.5 * day, 30 * day]) {
        const options = { lifetime: { idle, absolute } }
        // The clock was a day ahead when the session was last used, and is then corrected.
        const clock = new Clock()
        const began = clock.at
        const store = open(clock, options)
        let cookie = await visit(store, fill(kind))
        clock.at += 1800
        cookie = (await visit(store, put({ foo: 'bar', more: 1 }), cookie)) || cookie
        clock.at += day
        if (!(await read(store, cookie)).isNew) assert.fail('idle for a day')
        const ahead = await visit(store, fill(kind))
        clock.at = began + 1900
        for (let at = idle; at < day + idle; at += 1800) {
          clock.at = began + 1900 + at
          const left = (await read(store, ahead)).isNew
          // It is valid again only once the clock reaches that time again, for an hour at most.
          if (!left) assert.ok(clock.at >= began + 1800 + day - 60)
          assert.ok((await read(store, cookie)).isNew, `${at} after the jump`)
        }
        // The clock was right and falls a day behind.
        const behind = new Clock()
        const other = open(behind, options)
        const before = await visit(other, fill(kind))
        behind.at -= day
        for (let at = 0; at < day - 60; at += 1800) {
          assert.ok((await read(other, before)).isNew, `${at} after the jump back`)
          behind.at += 1800
        }
      }
    })

    test('a session renewed by a clock that was ahead is expired once the clock is right', async () => {
      const clock = new Clock()
      const store = open(clock, { lifetime: { idle: 3600, absolute: day } })
      const began = clock.at
      let cookie = await visit(store, fill(kind))
      for (let hour = 0; hour < 47; hour++) {
        clock.at = began + hour * 1800
        cookie = (await visit(store, look, cookie)) || cookie
      }
      clock.at = began + 1800
      assert.ok((await read(store, cookie)).isNew)
    })

    test('remember(false) is stored even if the store sets a maxAge', async () => {
      const store = open(new Clock(), { options: { maxAge: 20 * day } })
      const cookie = await visit(store, session => {
        fill(kind)(session)
        session.remember(false)
      })
      const each = await Visit.open(store, cookie)
      assert.equal(each.session.options.maxAge, 'session')
      each.session.values.more = 1
      await each.save()
      assert.equal(cookieOf(each.response, 'sid')?.maxAge, null)
    })

    test('Max-Age, record and sealed cookie value expire in the same second', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            idle: fc.integer({ min: 1, max: 40 * day }),
            absolute: fc.integer({ min: 2, max: 80 * day }),
            remembered: fc.option(fc.integer({ min: 1, max: 80 * day })),
            age: fc.integer({ min: 0, max: 80 * day }),
            own: fc.option(fc.integer({ min: 1, max: 80 * day })),
          }),
          async ({ idle: longest, absolute, remembered, age, own }) => {
            const idle = Math.min(longest, absolute)
            const clock = new Clock()
            const began = clock.at
            const store = open(clock, { lifetime: { idle, absolute } })
            const end = Math.min(absolute, own ?? absolute)
            const begun = await visit(store, session => {
              fill(kind)(session)
              if (own !== null) session.lifetime.absolute = own
              session.remember(80 * day)
            })
            // The last second before the absolute timeout at the latest.
            clock.at = began + Math.min(age, end - 1)
            const each = await Visit.open(store, begun)
            assert.equal(each.session.isNew, false)
            each.session.values.more = 1
            each.session.remember(remembered ?? false)
            const cookie = await each.save()
            const left = Math.min(remembered ?? idle, began + end - clock.at)
            const { maxAge } = cookieOf(each.response, 'sid') ?? {}
            assert.equal(maxAge, remembered === null ? null : Math.min(left, 400 * day))
            const saved = clock.at
            clock.at = saved + left - 1
            assert.equal((await read(store, cookie)).isNew, false)
            clock.at = saved + left
            assert.equal((await read(store, cookie)).isNew, true)
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

/** NIST SP 800-63B-4 §2.1.3, §2.2.3 and §2.3.3. Level 1 has no idle limit. */
const limits = {
  aal1: { idle: 30 * day, absolute: 30 * day },
  aal2: { idle: 3600, absolute: day },
  aal3: { idle: 900, absolute: day / 2 },
}

suite('lifetime presets', () => {
  for (const [level, { idle, absolute }] of Object.entries(limits)) {
    test(level, async () => {
      const preset = lifetimes[level as keyof typeof limits]
      assert.deepEqual(preset, { idle, absolute })
      for (const open of Object.values(kinds)) {
        const clock = new Clock()
        const store = open(clock, { lifetime: preset })
        const cookie = await visit(store, put({ foo: 'bar' }))
        clock.at += idle - 1
        assert.equal((await read(store, cookie)).isNew, false)
        clock.at += 1
        assert.equal((await read(store, cookie)).isNew, true)
      }
    })
  }
})

suite('invalid lifetimes', () => {
  const stores = {
    store: (lifetime: Lifetime) => new CookieStore({ keys, lifetime }),
    'server store': (lifetime: Lifetime) => new ServerStore(memory(), { lifetime }),
    definition: (lifetime: Lifetime) =>
      defineSession(new CookieStore({ keys }), 'sid', { lifetime }),
  }
  for (const [where, open] of Object.entries(stores)) {
    test(`are refused by a ${where}`, () => {
      for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const part of ['idle', 'absolute', 'renewAfter']) {
          assert.throws(() => open({ [part]: wrong }), {
            name: 'RangeError',
            message: new RegExp(`^lifetime\\.${part} must be a whole number of at least 1, not`),
          })
        }
      }
      assert.throws(() => open({ ilde: 5 } as Lifetime), {
        name: 'TypeError',
        message:
          'lifetime has no option ilde (did you mean idle?); it has idle, absolute, renewAfter',
      })
    })
  }
})
