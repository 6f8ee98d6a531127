import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { defineSession, ServerStore, type Session } from 'silverback'
import { isSameOrigin } from 'silverback/csrf'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import { Server } from 'socket.io'

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
      if (session.owner) await store.revokeAll(session.owner) // disconnects the sockets too
      session.destroy()
      response.writeHead(302, { Location: '/' }).end()
    } else {
      const visits = session.increment('visits')
      response.end(JSON.stringify({ user: session.owner, visits, messages: session.flashes() }))
    }
  }),
)

type NoEvents = Record<string, never>
interface ClientEvents {
  say(text: string, answer: (text: string) => void): void
}

const io = new Server<ClientEvents, NoEvents, NoEvents, { session: Session }>(server, {
  allowRequest: (request, decide) => decide(null, isSameOrigin(request)),
})

io.use((socket, next) => {
  store.fromHeaders(socket.request.headers, 'login').then(session => {
    socket.data.session = session
    next(session.owner === undefined ? new Error('sign in first') : undefined)
  }, next)
})

io.on('connection', socket => {
  const { session } = socket.data
  const watching = store.watch(session, () => socket.disconnect(true))
  watching.catch(() => socket.disconnect(true))
  socket.on('disconnect', () => watching.then(stop => stop()).catch(() => {}))
  socket.on('say', (text, answer) => answer(`${session.owner}: ${text}`))
})

server.listen(process.env.PORT ?? 3000)
