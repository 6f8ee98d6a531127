/** React Router's own `SessionStorage` and ours, side by side. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMemorySessionStorage, isSession, type SessionStorage } from 'react-router'
import { CookieStore, defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { toSessionStorage } from 'silverback/react-router'
import { CookieJar } from 'tough-cookie'
import { keys } from '../support/keys.ts'

interface Login {
  user?: string
  visits?: number
}
interface Flashes {
  error: string
}

const newStore = (): ServerStore => new ServerStore(memory(), { keys })

/** The type checks that ours have React Router's interface. */
const storages: Record<string, () => SessionStorage<Login, Flashes>> = {
  "React Router's": () => createMemorySessionStorage({ cookie: { name: 'login', secrets: ['s'] } }),
  'over a ServerStore': () => toSessionStorage<Login, Flashes>(defineSession(newStore(), 'login')),
  'over a CookieStore': () =>
    toSessionStorage<Login, Flashes>(defineSession(new CookieStore({ keys }), 'login')),
}

/** The `Cookie` header that a browser sends after it has received these `Set-Cookie` values. */
function cookieAfter(...lines: string[]): string {
  const jar = new CookieJar()
  for (const line of lines) jar.setCookieSync(line, 'https://localhost/', { ignoreError: true })
  return jar.getCookieStringSync('https://localhost/')
}

for (const [name, newStorage] of Object.entries(storages)) {
  suite(`session storage ${name}`, () => {
    test('returns an empty new session', async () => {
      for (const header of [undefined, null, '', 'login=nothing', 'other=1']) {
        const session = await newStorage().getSession(header)
        assert.equal(session.id, '')
        assert.deepEqual(session.data, {})
        assert.equal(session.has('user'), false)
        assert.equal(session.get('user'), undefined)
        assert.equal(isSession(session), true)
      }
    })

    test('keeps values until they are unset', async () => {
      const { getSession, commitSession } = newStorage()
      const session = await getSession()
      session.set('user', 'ann')
      session.set('visits', 1)
      const cookie = cookieAfter(await commitSession(session))
      const next = await getSession(cookie)
      assert.deepEqual({ ...next.data }, { user: 'ann', visits: 1 })
      assert.deepEqual([next.get('user'), next.has('visits')], ['ann', true])
      next.unset('visits')
      assert.equal(next.has('visits'), false)
      const last = await getSession(cookieAfter(`${cookie}; Secure`, await commitSession(next)))
      assert.deepEqual({ ...last.data }, { user: 'ann' })
    })

    test('returns a flashed value once', async () => {
      const { getSession, commitSession } = newStorage()
      const session = await getSession()
      session.set('user', 'ann')
      session.flash('error', 'Wrong password')
      const first = cookieAfter(await commitSession(session))

      const next = await getSession(first)
      assert.equal(next.has('error'), true)
      assert.deepEqual({ ...next.data }, { user: 'ann', __flash_error__: 'Wrong password' })
      assert.equal(next.get('error'), 'Wrong password')
      assert.equal(next.has('error'), false)
      assert.equal(next.get('error'), undefined)
      assert.equal((await getSession(first)).has('error'), true, 'removed only by a commit')
      const second = cookieAfter(`${first}; Secure`, await commitSession(next))
      assert.equal((await getSession(second)).has('error'), false)
    })

    test('removes a destroyed session', async () => {
      const { getSession, commitSession, destroySession } = newStorage()
      const session = await getSession()
      session.set('user', 'ann')
      const cookie = cookieAfter(await commitSession(session))
      const line = await destroySession(await getSession(cookie))
      assert.equal(cookieAfter(`${cookie}; Path=/`, line), '')
    })

    test('sets attributes for one cookie', async () => {
      const { getSession, commitSession } = newStorage()
      const session = await getSession()
      session.set('user', 'ann')
      const inAWeek = new Date(Date.now() + 7 * 86_400_000)
      const attributes = { path: '/shop', domain: 'shop.example', sameSite: 'strict' } as const
      for (const lasting of [{ maxAge: 604_800 }, { expires: inAWeek }]) {
        const line = await commitSession(session, { ...attributes, ...lasting, secure: true })
        assert.match(line, /; Path=\/shop/)
        assert.match(line, /; Domain=shop\.example/)
        assert.match(line, /; SameSite=Strict/)
        const expires = Date.parse(/; Expires=([^;]+)/.exec(line)?.[1] ?? '')
        const seconds = Number(/; Max-Age=(\d+)/.exec(line)?.[1] ?? 604_800)
        if (expires) assert.ok(Math.abs(expires - inAWeek.getTime()) < 60_000)
        assert.ok(Math.abs(seconds - 604_800) < 60)
      }
    })
  })
}

suite('session storage over our stores', () => {
  test('rotates the id through the native session', async () => {
    const store = newStore()
    const { getSession, commitSession } = toSessionStorage(defineSession<Login>(store, 'login'))
    const guest = await getSession()
    guest.set('visits', 1)
    const planted = cookieAfter(await commitSession(guest))
    const session = await getSession(planted)
    session.native.login('ann', { keep: ['visits'] })
    const cookie = cookieAfter(await commitSession(session))
    assert.equal((await getSession(planted)).has('visits'), false)
    const signedIn = await getSession(cookie)
    assert.deepEqual([signedIn.native.owner, signedIn.get('visits')], ['ann', 1])
    assert.equal(await store.revokeAll('ann'), 1)
    assert.equal((await getSession(cookie)).native.reason, 'unknown-id')
  })

  test('returns an empty Set-Cookie value for an unchanged session', async () => {
    const { getSession, commitSession } = toSessionStorage({ store: newStore(), name: 'login' })
    assert.equal(await commitSession(await getSession()), '')
    const session = await getSession()
    session.set('user', 'ann')
    const cookie = cookieAfter(await commitSession(session))
    assert.equal(await commitSession(await getSession(cookie)), '')
    assert.equal(cookieAfter(`${cookie}; Secure`, ''), cookie)
  })

  test('keeps the changes of two concurrent actions', async () => {
    const { getSession, commitSession } = toSessionStorage({ store: newStore(), name: 'login' })
    const first = await getSession()
    first.set('start', true)
    const cookie = cookieAfter(await commitSession(first))
    const [one, other] = [await getSession(cookie), await getSession(cookie)]
    one.set('one', 1)
    other.set('other', 2)
    await Promise.all([commitSession(one), commitSession(other)])
    assert.deepEqual(Object.keys((await getSession(cookie)).data).sort(), ['one', 'other', 'start'])
  })

  test('does not revive a session that has ended meanwhile', async () => {
    const { getSession, commitSession, destroySession } = toSessionStorage({
      store: newStore(),
      name: 'login',
    })
    const first = await getSession()
    first.set('user', 'ann')
    const cookie = cookieAfter(await commitSession(first))
    const slow = await getSession(cookie)
    slow.set('late', true)
    await destroySession(await getSession(cookie))
    assert.equal(await commitSession(slow), '')
    assert.equal((await getSession(cookie)).has('user'), false)
  })

  test('stores names of Object.prototype as data', async () => {
    const { getSession, commitSession } = toSessionStorage({ store: newStore(), name: 'login' })
    const session = await getSession()
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.deepEqual([session.has(name), session.get(name)], [false, undefined])
      session.set(name, name)
    }
    const next = await getSession(cookieAfter(await commitSession(session)))
    assert.equal(next.get('__proto__'), '__proto__')
    assert.equal(next.get('toString'), 'toString')
  })

  test('rejects a session that needs several cookies', async () => {
    const store = new CookieStore({ keys, tooLarge: 'chunk' })
    const { getSession, commitSession } = toSessionStorage({ store, name: 'login' })
    const session = await getSession()
    session.set('text', Array.from({ length: 6000 }, () => Math.random().toString(36)[2]).join(''))
    await assert.rejects(commitSession(session), { code: 'several-cookies', message: /middleware/ })
  })

  test('refuses invalid arguments', async () => {
    const { getSession, commitSession } = toSessionStorage({ store: newStore(), name: 'login' })
    assert.throws(() => toSessionStorage({} as never), /must be a definition/)
    await assert.rejects(
      commitSession({} as never),
      /session must be the result of getSession, not/,
    )
    await assert.rejects(
      commitSession(null as never),
      /session must be the result of getSession, not/,
    )
    const session = await getSession()
    session.set('user', 'ann')
    const priority = { priority: 'high' } as object
    await assert.rejects(commitSession(session, priority), /TypeError.*priority|priority/)
  })
})
