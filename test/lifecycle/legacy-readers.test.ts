/** A session of another library never replaces one of ours that has ended, and must fit into the store. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, type Reader, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { codecsFromPairs } from 'silverback/securecookie'
import { Clock, read, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

/** Finds a session in the cookie `old`. */
const reader: Reader = {
  cookieNames: () => ['old'],
  read: (_, cookie) => (cookie('old') === 'ann' ? { user: 'ann' } : undefined),
}
const legacyReaders = [reader]
const old = 'old=ann'

suite('the session of another library is', () => {
  const clock = new Clock()
  const { now } = clock
  const stores = {
    'a cookie store': () =>
      new CookieStore({ keys, legacyReaders, revocation: memory({ now, whenFull: 'throw' }), now }),
    'a server store': () => new ServerStore(memory({ now }), { legacyReaders, now }),
  }
  for (const [kind, open] of Object.entries(stores)) {
    test(`adopted by ${kind} without a session of ours, or beside an unreadable one`, async () => {
      const store = open()
      assert.deepEqual((await read(store, old)).values, { user: 'ann' })
      assert.deepEqual((await read(store, `sid=nonsense; ${old}`)).values, { user: 'ann' })
    })

    test(`not adopted by ${kind} beside a session that was ended`, async () => {
      const store = open()
      const cookie = await visit(store, session => session.login('bob'))
      await store.revokeAll('bob')
      assert.equal((await read(store, `${cookie}; ${old}`)).isNew, true)
      assert.deepEqual((await read(store, `${cookie}; ${old}`)).values, {})
      const destroyed = await visit(store, session => session.login('bob'))
      await visit(store, session => session.destroy(), destroyed)
      assert.deepEqual((await read(store, `${destroyed}; ${old}`)).values, {})
    })

    test(`not adopted by ${kind} beside a session that has expired`, async () => {
      const store = open()
      const cookie = await visit(store, session => session.login('bob'))
      clock.at += 90_000
      assert.deepEqual((await read(store, `${cookie}; ${old}`)).values, {})
    })
  }
})

suite('the session of another library that is too large for a cookie', () => {
  const text = 'x'.repeat(5000)
  const large: Reader = {
    cookieNames: () => ['old'],
    read: (_, cookie) => (cookie('old') ? { text } : undefined),
  }
  const options = { keys, legacyReaders: [large] }
  const whenFull = { whenFull: 'throw' } as const
  const warning = new Promise<Error & { code?: string }>(resolve => {
    process.on('warning', (warning: Error & { code?: string }) => {
      if (warning.code === 'SESSION_LEGACY_TOO_LARGE') resolve(warning)
    })
  })

  for (const [kind, open] of Object.entries({
    'a cookie store': () => new CookieStore(options),
    'a cookie store with revocation': () =>
      new CookieStore({ ...options, revocation: memory(whenFull) }),
    'a cookie store that only reads what it spilled before': () =>
      new CookieStore({ ...options, spillTo: memory(whenFull) }),
    'a cookie store with a smaller maxTotalBytes': () =>
      new CookieStore({ ...options, tooLarge: 'chunk', maxTotalBytes: 4096 }),
    "a store with Go's codecs": () =>
      new CookieStore({ codecs: codecsFromPairs(['key']), legacyReaders: [large] }),
  })) {
    test(`is not carried over to ${kind}, which responds all the same`, async () => {
      const store = open()
      const session = await read(store, old)
      assert.deepEqual([session.isNew, session.reason], [true, 'too-large'])
      assert.deepEqual(session.values, {})
      await visit(store, () => undefined, old)
      assert.notEqual(await visit(store, session => session.flashNow(1), old), undefined)
      const { message } = await warning
      assert.match(message, /tooLarge: 'chunk' or 'spill'/)
      assert.ok(!message.includes('xxx'))
    })
  }

  for (const [kind, open] of Object.entries({
    'a store in chunks': () => new CookieStore({ ...options, tooLarge: 'chunk' }),
    'a store that spills': () =>
      new CookieStore({ ...options, tooLarge: 'spill', spillTo: memory(whenFull) }),
    'a server store': () => new ServerStore(memory(), options),
  })) {
    test(`is carried over to ${kind}`, async () => {
      const store = open()
      const cookie = await visit(store, () => undefined, old)
      assert.deepEqual((await read(store, cookie)).values, { text })
    })
  }
})
