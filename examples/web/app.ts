import { serve } from '@hono/node-server'
import { defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/web'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')
const home = { status: 302, headers: { Location: '/' } }

const fetch = sessions(login, async (request, session) => {
  const { pathname } = new URL(request.url)
  if (pathname === '/sign-in') {
    const { user, remember } = await request.json()
    session.login(user) // changes the session id
    session.remember(remember)
    session.addFlash('Welcome back')
    return new Response(null, home) // the session is saved first
  }
  if (pathname === '/sign-out-everywhere') {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
    return new Response(null, home)
  }
  const visits = session.increment('visits')
  return Response.json({ user: session.owner, visits, messages: session.flashes() })
})

// Bun.serve({ fetch }), Deno.serve(fetch), or `export default { fetch }` on Workers
serve({ fetch, port: Number(process.env.PORT ?? 3000) })
