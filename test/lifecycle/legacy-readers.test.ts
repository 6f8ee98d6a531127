/** A session of another library never replaces one of ours that has ended. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, type Reader, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
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
