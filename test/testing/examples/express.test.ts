import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/express'
import { memory } from 'silverback/memory'
import { CookieJar, loginAs, readSession } from 'silverback/testing'
import request from 'supertest'

// The app. Your test imports the app and its definition instead.
const login = defineSession<{ visits: number }>(new ServerStore(memory()), 'login')
const app = express()
app.use(express.json(), sessions(login))
app.get('/', async (request, response) => {
  const session = await login.get(request)
  response.json({ user: session.owner, visits: session.increment('visits') })
})
app.post('/sign-in', async (request, response) => {
  const session = await login.get(request)
  session.login(request.body.user)
  response.redirect('/')
})

test('counts the visits of a user', async () => {
  const cookie = await loginAs(login, 'ann', { visits: 41 })
  const response = await request(app).get('/').set('Cookie', cookie)
  assert.deepEqual(response.body, { user: 'ann', visits: 42 })
})

test('signs a user in', async () => {
  const response = await request(app).post('/sign-in').send({ user: 'ann' })
  const { session } = await readSession(login, response)
  assert.equal(session?.owner, 'ann')
})

test('keeps a user signed in', async () => {
  const agent = request.agent(app).use(new CookieJar().superagent)
  await agent.post('/sign-in').send({ user: 'ann' })
  assert.equal((await agent.get('/')).body.user, 'ann')
})
