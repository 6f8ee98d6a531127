import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import connect from 'connect'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/connect'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

const app = connect()
app.use(sessions(login))

app.use('/sign-in', async (request, response) => {
  const { user, remember } = (await json(request)) as { user: string; remember: boolean }
  const session = await login.get(request) // request.session, with its type
  session.login(user) // changes the session id
  session.remember(remember)
  session.addFlash('Welcome back')
  response.writeHead(302, { Location: '/' }).end() // the session is saved first
})

app.use('/sign-out-everywhere', async (request, response) => {
  const session = await login.get(request)
  if (session.owner) await store.revokeAll(session.owner)
  session.destroy()
  response.writeHead(302, { Location: '/' }).end()
})

app.use('/', async (request, response) => {
  const session = await login.get(request)
  const visits = session.increment('visits')
  response.end(JSON.stringify({ user: session.owner, visits, messages: session.flashes() }))
})

createServer(app).listen(process.env.PORT ?? 3000)
