import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/hono'
import { memory } from 'silverback/memory'
import { CookieJar, readSession, sessionCookie } from 'silverback/testing'

const login = defineSession<{ cart?: string[] }>(new ServerStore(memory()), 'login')
const app = new Hono()
  .use(sessions(login))
  .get('/', c => c.text(`${c.var.session.owner ?? 'guest'}: ${c.var.session.values.cart}`))
  .post('/sign-in', async c => {
    c.var.session.login(await c.req.text(), { keep: ['cart'] })
    return c.redirect('/')
  })

test('keeps the cart of a guest who signs in', async () => {
  const headers = { cookie: await sessionCookie(login, { cart: ['tea'] }) }
  const response = await app.request('/sign-in', { method: 'POST', body: 'ann', headers })
  const { session } = await readSession(login, response)
  assert.deepEqual(session?.values, { cart: ['tea'] })
})

test('follows the redirect after the sign-in', async () => {
  const jar = new CookieJar({ fetch: app.fetch })
  jar.add(await sessionCookie(login, { cart: ['tea'] }))
  const page = await jar.fetch('/sign-in', { method: 'POST', body: 'ann' })
  assert.equal(await page.text(), 'ann: tea')
})
