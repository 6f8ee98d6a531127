import { createServer } from 'node:http'
import { createApp, createRouter, eventHandler, readBody, sendRedirect, toNodeListener } from 'h3v1'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/h3v1'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

// In Nuxt and Nitro: server/plugins/sessions.ts with `export default sessionsPlugin(login)`
const app = createApp().use(sessions(login))

const router = createRouter()
  .get(
    '/',
    eventHandler(async event => {
      const session = await login.get(event.node.req) // event.context.session, with its type
      const visits = session.increment('visits')
      return { user: session.owner, visits, messages: session.flashes() }
    }),
  )
  .post(
    '/sign-in',
    eventHandler(async event => {
      const { user, remember } = await readBody<{ user: string; remember: boolean }>(event)
      const session = await login.get(event.node.req)
      session.login(user) // changes the session id
      session.remember(remember)
      session.addFlash('Welcome back')
      return sendRedirect(event, '/') // the session is saved first
    }),
  )
  .post(
    '/sign-out-everywhere',
    eventHandler(async event => {
      const session = await login.get(event.node.req)
      if (session.owner) await store.revokeAll(session.owner)
      session.destroy()
      return sendRedirect(event, '/')
    }),
  )

createServer(toNodeListener(app.use(router))).listen(process.env.PORT ?? 3000)
