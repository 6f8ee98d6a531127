import { json } from 'node:stream/consumers'
import Koa from 'koa'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/koa'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

const app = new Koa().use(sessions(login)).use(async ctx => {
  const { session } = ctx
  if (ctx.path === '/sign-in') {
    const { user, remember } = (await json(ctx.req)) as { user: string; remember: boolean }
    session.login(user) // changes the session id
    session.remember(remember)
    session.addFlash('Welcome back')
    ctx.redirect('/') // the session is saved first
  } else if (ctx.path === '/sign-out-everywhere') {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
    ctx.redirect('/')
  } else {
    const visits = session.increment('visits')
    ctx.body = { user: session.owner, visits, messages: session.flashes() }
  }
})

app.listen(Number(process.env.PORT ?? 3000))
