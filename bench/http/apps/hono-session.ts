/** Hono with @hono/session, which keeps the session in an encrypted cookie. */

import { type SessionEnv, useSession } from '@hono/session'
import { Hono } from 'hono'
import type { MakeServer } from '../app.ts'
import { bodyOf, type Content, maxAge, newContent } from '../content.ts'
import { honoServer } from '../lib/hono.ts'

/** @hono/session wants an index signature. */
type Data = Content & Record<string, unknown>

const makeServer: MakeServer = () => {
  const app = new Hono<SessionEnv<Data>>()
  const secret = 'a secret of the benchmark with 32 characters or more'
  app.use(useSession<Data>({ secret, duration: { absolute: maxAge } }))
  app.get('/login/:user', async c => {
    const content: Data = { ...newContent(c.req.param('user')) }
    await c.var.session.update(content)
    return c.json(bodyOf(content))
  })
  app.get('/read', async c => c.json(bodyOf((await c.var.session.get()) as Data)))
  app.get('/change', async c => {
    const { session } = c.var
    await session.update(data => ({ ...(data as Data), visits: (data as Data).visits + 1 }))
    return c.json(bodyOf(session.data as Data))
  })
  return honoServer(app)
}

export default makeServer
