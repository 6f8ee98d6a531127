import express from 'express'
import pg from 'pg'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/express'
import { postgres } from 'silverback/postgres'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', error => console.error(error)) // idle connections that the server closes
const backend = postgres(pool)
await backend.ensureSchema() // creates the table if it does not exist
const store = new ServerStore(backend)
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
