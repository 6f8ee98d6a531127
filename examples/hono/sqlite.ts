import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import Database from 'libsql'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/hono'
import { sqlite } from 'silverback/sqlite'

const backend = sqlite(new Database(process.env.DATABASE ?? 'sessions.db'))
await backend.ensureSchema() // creates the table if it does not exist
const store = new ServerStore(backend)
const login = defineSession<{ visits: number }>(store, 'login')

const app = new Hono()
  .use(sessions(login))
  .get('/', c => {
    const { session } = c.var
    const visits = session.increment('visits')
    return c.json({ user: session.owner, visits, messages: session.flashes() })
  })
  .post('/sign-in', async c => {
    const { user, remember } = await c.req.json()
    const { session } = c.var
    session.login(user) // changes the session id
    session.remember(remember)
    session.addFlash('Welcome back')
    return c.redirect('/') // the session is saved first
  })
  .post('/sign-out-everywhere', async c => {
    const { session } = c.var
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
    return c.redirect('/')
  })

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) })
