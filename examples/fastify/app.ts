import fastify from 'fastify'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/fastify'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

const app = fastify()
app.register(sessions(login))

app.get('/', async request => {
  const session = await login.get(request) // request.session, with its type
  const visits = session.increment('visits')
  return { user: session.owner, visits, messages: session.flashes() }
})

app.post<{ Body: { user: string; remember: boolean } }>('/sign-in', async (request, reply) => {
  const session = await login.get(request)
  session.login(request.body.user) // changes the session id
  session.remember(request.body.remember)
  session.addFlash('Welcome back')
  return reply.redirect('/') // the session is saved first
})

app.post('/sign-out-everywhere', async (request, reply) => {
  const session = await login.get(request)
  if (session.owner) await store.revokeAll(session.owner)
  session.destroy()
  return reply.redirect('/')
})

await app.listen({ port: Number(process.env.PORT ?? 3000) })
