import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

const server = createServer(
  sessions(login, async (request, response, session) => {
    if (request.url === '/sign-in') {
      const { user, remember } = (await json(request)) as { user: string; remember: boolean }
      session.login(user) // changes the session id
      session.remember(remember)
      session.addFlash('Welcome back')
      response.writeHead(302, { Location: '/' }).end() // the session is saved first
    } else if (request.url === '/sign-out-everywhere') {
      if (session.owner) await store.revokeAll(session.owner)
      session.destroy()
      response.writeHead(302, { Location: '/' }).end()
    } else {
      const visits = session.increment('visits')
      response.end(JSON.stringify({ user: session.owner, visits, messages: session.flashes() }))
    }
  }),
)
server.listen(process.env.PORT ?? 3000)
