import { H3, redirect, serve } from 'h3'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/h3'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

const app = new H3().use(sessions(login))

app.get('/', async event => {
  const session = await login.get(event.req) // event.context.session, with its type
  const visits = session.increment('visits')
  return { user: session.owner, visits, messages: session.flashes() }
})

app.post('/sign-in', async event => {
  const { user, remember } = (await event.req.json()) as { user: string; remember: boolean }
  const session = await login.get(event.req)
  session.login(user) // changes the session id
  session.remember(remember)
  session.addFlash('Welcome back')
  return redirect('/') // the session is saved first
})

app.post('/sign-out-everywhere', async event => {
  const session = await login.get(event.req)
  if (session.owner) await store.revokeAll(session.owner)
  session.destroy()
  return redirect('/')
})

serve(app, { port: Number(process.env.PORT ?? 3000) })
