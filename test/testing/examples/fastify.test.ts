import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { CookieStore, defineSession } from 'silverback'
import { sessions } from 'silverback/fastify'
import { CookieJar, fakeClock, loginAs, readSession } from 'silverback/testing'

const clock = fakeClock()
const store = new CookieStore({
  keys: ['f3nQ0p1a+S5Yh0XGJ3u8mC7dWzKkVb2L9tRxE4iUoNA='],
  now: clock.now,
})
const login = defineSession<{ cart?: string[] }>(store, 'login', { lifetime: { idle: 1800 } })
const app = fastify()
app.register(sessions(login))
app.get('/', async request => ({ user: (await login.get(request)).owner ?? 'guest' }))
app.post('/sign-out', async request => {
  const session = await login.get(request)
  session.destroy()
  return { user: 'guest' }
})

test('signs out after half an hour without a request', async () => {
  const jar = new CookieJar({ now: clock.now }).add(await loginAs(login, 'ann'))
  assert.deepEqual((await jar.inject(app, '/')).json(), { user: 'ann' })
  clock.advance(1800)
  assert.deepEqual((await jar.inject(app, '/')).json(), { user: 'guest' })
})

test('signs out', async () => {
  const headers = { cookie: await loginAs(login, 'ann', { cart: ['tea'] }) }
  const response = await app.inject({ method: 'POST', url: '/sign-out', headers })
  assert.equal((await readSession(login, response)).status, 'deleted')
})
