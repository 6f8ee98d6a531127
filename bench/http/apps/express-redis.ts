/** Express with Silverback's ServerStore over Redis. */

import { sessions } from 'silverback/express'
import { redis } from 'silverback/redis'
import type { MakeServer } from '../app.ts'
import { expressServer, sessionValues } from '../lib/express.ts'
import { connectRedis } from '../lib/redis.ts'
import { serverSession } from '../lib/silverback.ts'

const makeServer: MakeServer = async () => {
  const backend = redis(await connectRedis())
  return expressServer(sessionValues, sessions(serverSession(backend)))
}

export default makeServer
