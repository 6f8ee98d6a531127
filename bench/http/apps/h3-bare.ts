/** h3 without sessions. */

import { H3 } from 'h3'
import type { MakeServer } from '../app.ts'
import { bodyOf, newContent } from '../content.ts'
import { h3Server } from '../lib/h3.ts'

const content = newContent('visitor-0')

const makeServer: MakeServer = () => {
  const app = new H3()
  app.get('/login/:user', () => bodyOf(content))
  app.get('/read', () => bodyOf(content))
  app.get('/change', () => {
    content.visits += 1
    return bodyOf(content)
  })
  return h3Server(app)
}

export default makeServer
