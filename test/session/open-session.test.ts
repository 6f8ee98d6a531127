import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, defineSession, openSession, type WritableJar } from 'silverback'
import { cookieOf } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const logins = defineSession<{ user?: string }>(new CookieStore({ keys }), 'login')
const newRequest = (): Request => new Request('http://localhost/')

suite('openSession', () => {
  test('saves the session at the end of the block', async () => {
    const headers = new Headers()
    {
      await using login = await openSession(logins, newRequest(), headers)
      login.session.values.user = 'ann'
      assert.equal(cookieOf(headers, 'login'), undefined)
    }
    assert.ok(cookieOf(headers, 'login'))
  })

  test('saves when the block throws, and rethrows', async () => {
    const headers = new Headers()
    const redirect = new Error('redirect to /')
    const block = async (): Promise<void> => {
      await using login = await openSession(logins, newRequest(), headers)
      login.session.values.user = 'ann'
      throw redirect
    }
    await assert.rejects(block, thrown => thrown === redirect)
    assert.ok(cookieOf(headers, 'login'))
  })

  test('reports a failed save to onError and keeps the thrown error', async () => {
    const errors: unknown[] = []
    const redirect = new Error('redirect to /')
    const onError = (error: unknown): number => errors.push(error)
    const block = async (): Promise<void> => {
      await using login = await openSession(logins, newRequest(), new Headers(), { onError })
      login.session.values.user = 'x'.repeat(5000)
      throw redirect
    }
    await assert.rejects(block, thrown => thrown === redirect)
    assert.equal((errors[0] as { code: string }).code, 'cookie-too-large')
    assert.equal(errors.length, 1)
  })

  test('does not save a discarded session', async () => {
    const headers = new Headers()
    {
      await using login = await openSession(logins, newRequest(), headers)
      login.session.values.user = 'ann'
      login.discard()
    }
    assert.deepEqual(headers.getSetCookie(), [])
  })

  test('save() rejects when the save fails', async () => {
    await using login = await openSession(logins, newRequest(), new Headers())
    login.session.values.user = 'x'.repeat(5000)
    await assert.rejects(login.save(), { code: 'cookie-too-large' })
    login.discard()
  })

  test('reads and writes a cookie jar that identifies the request', async () => {
    const jar = new Map<string, string>()
    const attributes: unknown[] = []
    const cookies = {
      get: (name: string) => jar.get(name),
      set(name: string, value: string, given: Parameters<WritableJar['set']>[2]) {
        attributes.push(given)
        if (given.maxAge === 0) jar.delete(name)
        else jar.set(name, value)
      },
    }
    {
      await using login = await openSession(logins, { cookies }, { cookies })
      login.session.values.user = 'ann'
      assert.equal(await logins.get({ cookies }), login.session)
    }
    const next = { get: cookies.get, set: cookies.set }
    {
      await using login = await openSession(logins, { cookies: next }, { cookies: next })
      assert.equal(login.session.values.user, 'ann')
      login.session.destroy()
    }
    assert.equal(jar.size, 0)
    const set = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' }
    assert.deepEqual(attributes, [set, { ...set, maxAge: 0, expires: new Date(0) }])
  })
})
