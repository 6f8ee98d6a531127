import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CookieStore, defineSession, FilesystemStore, ServerStore, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { unixSeconds } from '../../src/lib/clock.ts'
import { keys } from '../support/keys.ts'

const folder = await mkdtemp(join(tmpdir(), 'silverback-'))
after(() => rm(folder, { recursive: true }))

const wrongTimes = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

suite('the lifetime of a session', () => {
  let now = unixSeconds
  const clock = { keys, now: () => now() }
  const stores: Record<string, Store> = {
    CookieStore: new CookieStore(clock),
    FilesystemStore: new FilesystemStore(folder, clock),
    // The clock of the backend is right.
    ServerStore: new ServerStore(memory(), clock),
  }
  for (const [name, store] of Object.entries(stores)) {
    for (const wrong of wrongTimes) {
      test(`${name}: a session is not valid while the clock returns ${wrong}`, async () => {
        now = unixSeconds
        const response = new Response()
        const request = new Request('https://example.com')
        const session = await store.get(request, 'login')
        session.values.user = 'ann'
        await session.save(request, response)
        const [line = ''] = response.headers.getSetCookie()
        const headers = { cookie: line.split(';')[0] as string }
        assert.equal((await store.get({ headers }, 'login')).values.user, 'ann')
        now = () => wrong
        const read = await store.get({ headers: { ...headers } }, 'login')
        assert.deepEqual(read.values, {})
        assert.match(String(read.reason), /^(expired|too-new)$/)
      })
    }
  }
})

suite('options with which sessions would not last', () => {
  const makers: Record<string, (options: object) => unknown> = {
    CookieStore: options => new CookieStore({ keys, ...options }),
    FilesystemStore: options => new FilesystemStore(folder, { keys, ...options }),
    ServerStore: options => new ServerStore(memory(), { keys, ...options }),
    defineSession: options => defineSession(new CookieStore({ keys }), 'login', options),
  }
  for (const [name, make] of Object.entries(makers)) {
    for (const maxAge of [0, -1]) {
      test(`${name} refuses a maxAge of ${maxAge}`, () => {
        const message = /^options\.maxAge must be at least 1, or 'session', not /
        assert.throws(() => make({ options: { maxAge } }), { name: 'RangeError', message })
      })
    }

    test(`${name} refuses a maxAge beyond the absolute lifetime`, () => {
      const message = /^options\.maxAge is 101, but sessions end after lifetime\.absolute, 100 /
      const options = { maxAge: 101 }
      assert.throws(() => make({ options, lifetime: { absolute: 100 } }), {
        name: 'RangeError',
        message,
      })
    })

    test(`${name} refuses an idle lifetime beyond the absolute one`, () => {
      const message = /^lifetime\.idle is 101, but sessions end after lifetime\.absolute, 100 /
      const lifetime = { idle: 101, absolute: 100 }
      assert.throws(() => make({ lifetime }), { name: 'RangeError', message })
    })

    test(`${name} accepts limits that are equal, and one limit below the default of another`, () => {
      make({ options: { maxAge: 100 }, lifetime: { idle: 100, absolute: 100 } })
      if (name === 'defineSession') return
      make({ lifetime: { absolute: 100 } })
      make({ lifetime: { idle: 90 * 86_400 } })
      make({ options: { maxAge: 90 * 86_400 } })
    })
  }

  test('a maxAge of 0 set later deletes the session', async () => {
    const store = new CookieStore({ keys })
    const response = new Response()
    const request = new Request('https://example.com')
    const session = await store.get(request, 'login')
    session.options.maxAge = 0
    await session.save(request, response)
    assert.match(response.headers.getSetCookie()[0] ?? '', /^login=; Max-Age=0;/)
  })
})
