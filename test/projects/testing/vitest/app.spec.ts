import { CookieJar, loginAs } from 'silverback/testing'
import { beforeEach, expect, test, vi } from 'vitest'
import { signIn } from './app/actions'
import { GET } from './app/api/visits/route'
import { store } from './app/sessions'

const login = { store, name: 'login' }
let jar: CookieJar
vi.mock('next/headers', () => ({ cookies: async () => jar.cookies() }))
beforeEach(() => {
  jar = new CookieJar()
})

test('a route handler counts the visits of a user', async () => {
  jar.add(await loginAs(login, 'ann', { visits: 41 }))
  expect(await (await GET()).json()).toEqual({ user: 'ann', visits: 42 })
})

test('an action signs a user in', async () => {
  const form = new FormData()
  form.set('user', 'ann')
  await expect(signIn(form)).rejects.toThrow('NEXT_REDIRECT')
  expect(await (await GET()).json()).toEqual({ user: 'ann', visits: 1 })
})
