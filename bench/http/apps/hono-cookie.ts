/** Hono with Silverback's CookieStore. */

import { Hono } from 'hono'
import { sessions } from 'silverback/hono'
import type { MakeServer } from '../app.ts'
import { bodyOf, newContent } from '../content.ts'
import { honoServer } from '../lib/hono.ts'
import { cookieSession } from '../lib/silverback.ts'

const makeServer: MakeServer = () => {
  const app = new Hono()
    .use(sessions(cookieSession()))
    .get('/login/:user', c => {
      const { values } = c.var.session
      Object.assign(values, newContent(c.req.param('user')))
      return c.json(bodyOf(values))
    })
    .get('/read', c => c.json(bodyOf(c.var.session.values)))
    .get('/change', c => {
      const { values } = c.var.session
      values.visits += 1
      return c.json(bodyOf(values))
    })
  return honoServer(app)
}

export default makeServer
