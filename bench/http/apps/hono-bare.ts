/** Hono without sessions. */

import { Hono } from 'hono'
import type { MakeServer } from '../app.ts'
import { bodyOf, newContent } from '../content.ts'
import { honoServer } from '../lib/hono.ts'

const content = newContent('visitor-0')

const makeServer: MakeServer = () => {
  const app = new Hono()
  app.get('/login/:user', c => c.json(bodyOf(content)))
  app.get('/read', c => c.json(bodyOf(content)))
  app.get('/change', c => {
    content.visits += 1
    return c.json(bodyOf(content))
  })
  return honoServer(app)
}

export default makeServer
