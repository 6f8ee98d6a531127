/** Express with cookie-session. */

import cookieSession from 'cookie-session'
import type { RequestHandler } from 'express'
import type { MakeServer } from '../app.ts'
import { cookieAttributes, cookieName, maxAge } from '../content.ts'
import { expressServer, sessionProperty } from '../lib/express.ts'

const makeServer: MakeServer = () => {
  const middleware = cookieSession({
    name: cookieName,
    keys: ['a secret of the benchmark'],
    ...cookieAttributes,
    maxAge: maxAge * 1000,
  })
  return expressServer(sessionProperty, middleware as unknown as RequestHandler)
}

export default makeServer
