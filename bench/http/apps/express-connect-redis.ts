/** Express with express-session over connect-redis. */

import { RedisStore } from 'connect-redis'
import session from 'express-session'
import type { MakeServer } from '../app.ts'
import { expressServer, sessionProperty } from '../lib/express.ts'
import { expressSessionOptions } from '../lib/express-session.ts'
import { connectRedis } from '../lib/redis.ts'

const makeServer: MakeServer = async () => {
  const store = new RedisStore({ client: await connectRedis() })
  return expressServer(sessionProperty, session({ ...expressSessionOptions, store }))
}

export default makeServer
