const fastify = require('fastify')
const { defineSession, ServerStore } = require('silverback')
const { sessions } = require('silverback/fastify')
const { memory } = require('silverback/memory')
const { CookieJar, loginAs } = require('silverback/testing')

const login = defineSession(new ServerStore(memory()), 'login')
const app = fastify()
app.register(sessions(login))
app.get('/', async request => ({ visits: (await login.get(request)).increment('visits') }))

test('counts the visits of a user', async () => {
  const jar = new CookieJar().add(await loginAs(login, 'ann', { visits: 40 }))
  await jar.inject(app, '/')
  expect((await jar.inject(app, '/')).json()).toEqual({ visits: 42 })
})
