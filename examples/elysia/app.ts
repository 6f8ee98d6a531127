import { serve } from '@hono/node-server'
import { Elysia, t } from 'elysia'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/elysia'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')
const home = { status: 302, headers: { Location: '/' } }

const app = new Elysia()
  .use(sessions(login))
  .get('/', ({ session }) => {
    const visits = session.increment('visits')
    return { user: session.owner, visits, messages: session.flashes() }
  })
  .post(
    '/sign-in',
    ({ session, body }) => {
      session.login(body.user) // changes the session id
      session.remember(body.remember)
      session.addFlash('Welcome back')
      return new Response(null, home) // the session is saved first
    },
    { body: t.Object({ user: t.String(), remember: t.Boolean() }) },
  )
  .post('/sign-out-everywhere', async ({ session }) => {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
    return new Response(null, home)
  })

// app.listen(3000) on Bun
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) })
