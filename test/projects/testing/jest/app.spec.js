const { CookieJar, loginAs, readSession } = require('silverback/testing')
const request = require('supertest')
const { app, login } = require('./app')

test('counts the visits of a user', async () => {
  const cookie = await loginAs(login, 'ann', { visits: 41 })
  const response = await request(app).get('/').set('Cookie', cookie)
  expect(response.body).toEqual({ user: 'ann', visits: 42 })
})

test('signs a user in', async () => {
  const agent = request.agent(app).use(new CookieJar().superagent)
  const response = await agent.post('/sign-in/ann')
  expect((await readSession(login, response)).session.owner).toBe('ann')
  expect((await agent.get('/')).body).toEqual({ user: 'ann', visits: 1 })
})
