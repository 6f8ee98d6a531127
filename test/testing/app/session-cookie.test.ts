/** Cookies of sessions that a test starts with, in every store. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CookieStore, defineSession, FilesystemStore, ServerStore, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { fakeClock, loginAs, readSession, sessionCookie } from 'silverback/testing'
import { z } from 'zod'
import { keys } from '../../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'silverback-testing-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const stateless = new CookieStore({ keys })
const stores: Record<string, () => Store> = {
  CookieStore: () => new CookieStore({ keys }),
  'CookieStore with revocation': () =>
    new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }) }),
  'CookieStore in chunks': () => new CookieStore({ keys, tooLarge: 'chunk' }),
  FilesystemStore: () => new FilesystemStore(folder, { keys }),
  ServerStore: () => new ServerStore(memory()),
  'ServerStore with a read cache': () =>
    new ServerStore(memory(), { keys, cookieCache: { maxAge: 60 } }),
  'CookieStore in a header': () => new CookieStore({ keys, transport: 'header' }),
}

const requestWith = (
  cookie: string,
  { header = 'cookie' }: Store = stateless,
): { headers: Headers } => ({
  headers: new Headers(cookie === '' ? {} : { [header]: cookie }),
})

for (const [name, newStore] of Object.entries(stores)) {
  suite(name, () => {
    test('sessionCookie makes a session with values and an owner', async () => {
      const login = defineSession<{ cart?: string[] }>(newStore(), 'login')
      const guest = await login.get(
        requestWith(await sessionCookie(login, { cart: ['tea'] }), login.store),
      )
      assert.deepEqual(guest.values, { cart: ['tea'] })
      assert.deepEqual([guest.isNew, guest.owner], [false, undefined])

      const cookie = await sessionCookie(login, {}, { owner: 'ann' })
      const owned = await login.get(requestWith(cookie, login.store))
      assert.deepEqual([owned.owner, owned.authenticatedAt], ['ann', undefined])
    })

    test('loginAs signs in', async () => {
      const source = { store: newStore(), name: 'login' }
      const request = requestWith(await loginAs(source, 'ann', { theme: 'dark' }), source.store)
      const session = await source.store.get(request, 'login')
      assert.deepEqual([session.owner, session.values], ['ann', { theme: 'dark' }])
      assert.ok(session.authenticatedWithin(60))
    })

    test('readSession reads what a response has set, deleted or left alone', async () => {
      const login = defineSession<{ visits: number }>(newStore(), 'login')
      const request = requestWith(await loginAs(login, 'ann'), login.store)
      const session = await login.get(request)
      session.increment('visits')
      const response = new Response()
      await session.save(request, response)
      const set = await readSession(login, response)
      assert.equal(set.status, 'set')
      assert.deepEqual([set.session?.owner, set.session?.values.visits], ['ann', 1])

      assert.deepEqual(await readSession(login, new Response()), {
        status: 'not-set',
        session: undefined,
      })
      session.destroy()
      const ending = new Headers()
      await session.save(request, ending)
      assert.equal((await readSession(login, ending)).status, 'deleted')
    })
  })
}

suite('sessionCookie', () => {
  const store = new CookieStore({ keys })
  const settings = defineSession(store, 'settings', {
    schema: z.object({ theme: z.enum(['dark', 'light']), visits: z.number().default(0) }),
  })

  test('has the defaults of the schema', async () => {
    const { values } = await settings.get(
      requestWith(await sessionCookie(settings, { theme: 'dark' })),
    )
    assert.deepEqual(values, { theme: 'dark', visits: 0 })
  })

  test('refuses values that the schema does not accept', async () => {
    const values = { theme: 'blue' as 'dark' }
    await assert.rejects(sessionCookie(settings, values), {
      code: 'schema-mismatch',
      message: 'session "settings": its schema does not accept the values that the test gives it',
    })
    const strict = defineSession(store, 'strict', {
      schema: z.object({ theme: z.enum(['dark', 'light']) }),
      onInvalid: 'throw',
    })
    await assert.rejects(sessionCookie(strict, values), { code: 'schema-mismatch' })
  })

  test('includes every cookie of a session that needs several', async () => {
    const source = { store: new CookieStore({ keys, tooLarge: 'chunk' }), name: 'sid' }
    const text = Array.from({ length: 9000 }, (_, i) =>
      String.fromCharCode(97 + ((i * i) % 26)),
    ).join('')
    const session = await source.store.get(
      requestWith(await sessionCookie(source, { text })),
      'sid',
    )
    assert.equal(session.values.text, text)
  })

  test('is empty if there is nothing to save', async () => {
    assert.equal(await sessionCookie({ store, name: 'sid' }), '')
  })

  test('applies further changes and the time of the sign-in', async () => {
    const source = { store, name: 'sid' }
    const change = (session: { addFlash(text: string): void }) => session.addFlash('Welcome')
    const authenticatedAt = new Date(Date.now() - 3600_000)
    for (const cookie of [
      await loginAs(source, 'ann', {}, { authenticatedAt, change }),
      await sessionCookie(source, {}, { owner: 'ann', authenticatedAt, change }),
    ]) {
      const session = await store.get(requestWith(cookie), 'sid')
      assert.deepEqual(session.flashes(), ['Welcome'])
      assert.deepEqual(
        [session.authenticatedWithin(3500), session.authenticatedWithin(3700)],
        [false, true],
      )
    }
  })

  test('refuses unknown and wrong options', async () => {
    const source = { store, name: 'sid' }
    const wrong = { user: 'ann' } as object
    await assert.rejects(
      sessionCookie(source, {}, wrong),
      /^TypeError: sessionCookie has no option user/,
    )
    const never = { authenticatedAt: new Date('never') }
    await assert.rejects(
      sessionCookie(source, {}, never),
      /^TypeError: authenticatedAt must be a Date, not an invalid one/,
    )
    await assert.rejects(
      loginAs(source, 'ann', {}, wrong),
      /^TypeError: loginAs has no option user/,
    )
  })
})

suite('readSession', () => {
  const login = defineSession<{ n: number }>(new ServerStore(memory()), 'login')

  /** The response of a sign-in. */
  async function signedIn(): Promise<Headers> {
    const request = requestWith('')
    const session = await login.get(request)
    session.login('ann')
    const headers = new Headers()
    await session.save(request, headers)
    return headers
  }

  test('accepts the responses of every client', async () => {
    const headers = await signedIn()
    const lines = headers.getSetCookie()
    for (const response of [
      headers,
      new Response(null, { headers }),
      { 'set-cookie': lines },
      { 'set-cookie': lines[0] },
      { headers: { 'set-cookie': lines } },
      { headers: { 'set-cookie': lines[0] } },
      { getHeader: (name: string) => (name === 'set-cookie' ? lines : undefined) },
    ]) {
      assert.equal((await readSession(login, response)).session?.owner, 'ann')
    }
    assert.equal((await readSession(login, { headers: {} })).status, 'not-set')
    for (const wrong of [undefined, 'Set-Cookie: login=x'] as never[]) {
      await assert.rejects(readSession(login, wrong), /^TypeError: response must be a response/)
    }
  })

  test('shows that a session has ended since', async () => {
    const headers = await signedIn()
    await (login.store as ServerStore).revokeAll('ann')
    assert.equal((await readSession(login, headers)).status, 'ended')
  })

  test('rejects for a cookie of another store', async () => {
    const other = defineSession(new CookieStore({ keys }), 'login')
    await assert.rejects(readSession(other, await signedIn()), {
      message:
        'the response set the cookie "login", but this store cannot read it (malformed); ' +
        'pass the definition that the app uses',
    })
  })
})

suite('fakeClock', () => {
  test('moves the time of stores', async () => {
    const clock = fakeClock(new Date('2030-01-01T00:00:00.900Z'))
    assert.equal(clock.now(), Date.parse('2030-01-01') / 1000)
    const { now } = clock
    const store = new ServerStore(memory({ now }), { now, lifetime: { idle: 3600 } })
    const request = requestWith(await loginAs({ store, name: 'login' }, 'ann'))
    clock.advance(3599)
    assert.equal((await store.new(request, 'login')).owner, 'ann')
    clock.advance(1)
    assert.equal((await store.new(request, 'login')).isNew, true)
  })

  test('starts at the current time by default', () => {
    const seconds = (): number => Math.floor(Date.now() / 1000)
    const [before, now, after] = [seconds(), fakeClock().now(), seconds()]
    assert.ok(before <= now && now <= after)
  })

  test('refuses wrong arguments', () => {
    assert.throws(() => fakeClock(5 as never), /^TypeError: start must be a Date, not a number/)
    assert.throws(() => fakeClock(new Date('x')), /^TypeError: start must be a Date/)
    for (const seconds of [0, -1, 0.5]) {
      assert.throws(() => fakeClock().advance(seconds), /^RangeError: seconds/)
    }
  })
})
