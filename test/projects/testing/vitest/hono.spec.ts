import { Hono } from 'hono'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/hono'
import { memory } from 'silverback/memory'
import { CookieJar, loginAs } from 'silverback/testing'
import { expect, test } from 'vitest'

const login = defineSession<{ visits: number }>(new ServerStore(memory()), 'login')
const app = new Hono()
  .use(sessions(login))
  .get('/', c => c.text(`${c.var.session.owner} ${c.var.session.increment('visits')}`))

test('counts the visits of a user', async () => {
  const jar = new CookieJar({ fetch: app.fetch })
  jar.add(await loginAs(login, 'ann', { visits: 40 }))
  expect(await (await jar.fetch('/')).text()).toBe('ann 41')
  expect(await (await jar.fetch('/')).text()).toBe('ann 42')
})
