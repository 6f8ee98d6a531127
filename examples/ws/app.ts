import { createServer, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { defineSession, ServerStore, type Session } from 'silverback'
import { isSameOrigin } from 'silverback/csrf'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import { type WebSocket, WebSocketServer } from 'ws'

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
      if (session.owner) await store.revokeAll(session.owner) // closes the sockets too
      session.destroy()
      response.writeHead(302, { Location: '/' }).end()
    } else {
      const visits = session.increment('visits')
      response.end(JSON.stringify({ user: session.owner, visits, messages: session.flashes() }))
    }
  }),
)

const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy())
  sessionOf(request).then(
    session => {
      if (!session) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      sockets.handleUpgrade(request, socket, head, client => accept(client, session))
    },
    () => socket.destroy(),
  )
})

/** Returns the session of a signed-in visitor on one of our pages; otherwise undefined. */
async function sessionOf(request: IncomingMessage): Promise<Session | undefined> {
  if (!isSameOrigin(request)) return undefined
  const session = await store.fromHeaders(request.headers, 'login')
  return session.owner === undefined ? undefined : session
}

function accept(client: WebSocket, session: Session): void {
  const watching = store.watch(session, () => client.close(4401, 'signed out'))
  watching.catch(() => client.close(1011))
  client.on('close', () => watching.then(stop => stop()).catch(() => {}))
  client.on('message', text => client.send(`${session.owner}: ${text}`))
}

server.listen(process.env.PORT ?? 3000)
