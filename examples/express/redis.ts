import express from 'express'
import { Redis } from 'ioredis'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/express'
import { redis } from 'silverback/redis'

const client = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379')
const store = new ServerStore(redis(client))
const login = defineSession<{ visits: number }>(store, 'login')

const app = express()
app.use(express.json(), sessions(login))

app.get('/', async (request, response) => {
  const session = await login.get(request) // request.session, with its type
  const visits = session.increment('visits')
  response.json({ user: session.owner, visits, messages: session.flashes() })
})

app.post('/sign-in', async (request, response) => {
  const session = await login.get(request)
  session.login(request.body.user) // changes the session id
  session.remember(request.body.remember)
  session.addFlash('Welcome back')
  response.redirect('/') // the session is saved first
})

app.post('/sign-out-everywhere', async (request, response) => {
  const session = await login.get(request)
  if (session.owner) await store.revokeAll(session.owner)
  session.destroy()
  response.redirect('/')
})

app.listen(process.env.PORT ?? 3000)
