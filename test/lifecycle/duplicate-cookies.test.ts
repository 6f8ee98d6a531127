/** Several cookies with one name: of an application on the parent domain, or of an earlier release. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  CookieStore,
  FilesystemStore,
  ServerStore,
  type SessionStoreOptions,
  type Store,
} from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { setCookieLines } from '../support/http/http.ts'
import { put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'duplicates-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const otherKeys = ['b81f2d6c90a4e7f35d8c1b6a7e2f4093c5d7e9f1a3b5c7d9e0f2a4b6c8d0e1f3']
type Open = (options?: SessionStoreOptions) => Store
const data = memory({ whenFull: 'throw' })
const stores: Record<string, [mine: Open, parent: Open]> = {
  'cookie store': [
    options => new CookieStore({ keys, ...options }),
    () => new CookieStore({ keys: otherKeys }),
  ],
  'cookie store with chunks': [
    options => new CookieStore({ keys, tooLarge: 'chunk', ...options }),
    () => new CookieStore({ keys: otherKeys, tooLarge: 'chunk' }),
  ],
  'cookie store with revocation': [
    options => new CookieStore({ keys, revocation: data, ...options }),
    () => new CookieStore({ keys: otherKeys }),
  ],
  'server store': [
    options => new ServerStore(data, { keys, ...options }),
    () => new ServerStore(memory(), { keys: otherKeys }),
  ],
  'server store without keys': [
    options => new ServerStore(data, options),
    () => new ServerStore(memory()),
  ],
  'filesystem store': [
    options => new FilesystemStore(folder, { keys, ...options }),
    () => new FilesystemStore(folder, { keys: otherKeys }),
  ],
}

for (const [kind, [open, openParent]] of Object.entries(stores)) {
  suite(`a ${kind}`, () => {
    const large = kind.endsWith('chunks') ? 'x'.repeat(5000) : ''
    const signIn = (user: string): ReturnType<typeof put> => put({ user, large })

    test('finds its own session behind a cookie of another application', async () => {
      const store = open()
      const theirs = await visit(openParent(), signIn('parent'))
      const mine = await visit(store, signIn('ann'))
      assert.equal((await read(store, `${theirs}; ${mine}`)).values.user, 'ann')
      assert.equal((await read(store, `${mine}; ${theirs}`)).values.user, 'ann')
      assert.equal((await read(store, `sid=nonsense; ${mine}`)).values.user, 'ann')
    })

    test('reads the first session that is alive', async () => {
      const store = open()
      const [one, other] = [await visit(store, signIn('ann')), await visit(store, signIn('bob'))]
      assert.equal((await read(store, `${one}; ${other}`)).values.user, 'ann')
      assert.equal((await read(store, `${other}; ${one}`)).values.user, 'bob')
    })

    test('tries a bounded number of cookies', async () => {
      const store = open()
      const mine = await visit(store, signIn('ann'))
      const noise = Array.from({ length: 7 }, (_, index) => `sid=noise${index}`).join('; ')
      assert.equal((await read(store, `${noise}; ${mine}`)).values.user, 'ann')
      assert.equal((await read(store, `${noise}; sid=one-more; ${mine}`)).isNew, true)
    })

    if (kind !== 'cookie store' && kind !== 'cookie store with chunks') {
      test('signs out of every session that the cookies stand for', async () => {
        const store = open()
        const login = (user: string) => visit(store, session => session.login(user))
        const plain = (user: string) => visit(store, signIn(user))
        const enter = kind === 'filesystem store' ? plain : login
        const [one, other] = [await enter('ann'), await enter('bob')]
        await visit(store, session => session.destroy(), `${one}; ${other}`)
        for (const cookie of [one, other]) assert.equal((await read(store, cookie)).isNew, true)
      })
    }

    test('deletes the cookies of earlier releases with their attributes', async () => {
      const store = open({ formerAttributes: [{ path: '/app' }, { domain: 'example.com' }] })
      const first = await Visit.open(store)
      first.session.values.a = 1
      await first.save()
      assert.ok(setCookieLines(first.response).every(line => !line.includes('Max-Age=0')))
      const each = await Visit.open(store, 'sid=of-an-earlier-release')
      each.session.values.a = 1
      await each.save()
      const deletions = setCookieLines(each.response).filter(line => line.includes('Max-Age=0'))
      assert.deepEqual(
        deletions.map(line => [/Path=[^;]*/.exec(line)?.[0], /Domain=[^;]*/.exec(line)?.[0]]),
        [
          ['Path=/app', undefined],
          ['Path=/', 'Domain=example.com'],
        ],
      )
    })
  })
}

suite('the option duplicateCookies', () => {
  test("'first' reads the first cookie only, as Go does", async () => {
    const store = new CookieStore({ keys, duplicateCookies: 'first' })
    const mine = await visit(store, put({ user: 'ann' }))
    assert.equal((await read(store, `sid=nonsense; ${mine}`)).reason, 'malformed')
  })

  test('is that in the presets for Go, where a cookie with invalid bytes is none', async () => {
    const store = cookieStore('0123456789abcdef0123456789abcdef')
    const mine = await visit(store, put({ user: 'ann' }))
    assert.equal((await read(store, `sid=nonsense; ${mine}`)).isNew, true)
    assert.equal((await read(store, `sid=b\\d; ${mine}`)).values.user, 'ann')
  })

  test('wrong options are refused', () => {
    assert.throws(() => new CookieStore({ keys, duplicateCookies: 'last' as never }), TypeError)
    const wrong = [{ pth: '/' }] as never
    assert.throws(() => new CookieStore({ keys, formerAttributes: wrong }), {
      name: 'TypeError',
      message: /formerAttributes has no option pth/,
    })
  })
})
