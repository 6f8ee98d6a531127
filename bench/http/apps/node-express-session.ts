/** `node:http` with express-session and its MemoryStore. */

import { createServer } from 'node:http'
import session from 'express-session'
import type { MakeServer } from '../app.ts'
import type { Content } from '../content.ts'
import { expressSessionOptions } from '../lib/express-session.ts'
import { respond } from '../lib/node.ts'

const makeServer: MakeServer = () => {
  const middleware = session(expressSessionOptions)
  return createServer((request, response) => {
    middleware(request, response, () => {
      const content = (request as unknown as { session: Content }).session
      respond(request.url as string, content, response)
    })
  })
}

export default makeServer
