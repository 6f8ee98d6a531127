/** `node:http` with Silverback's ServerStore over memory. */

import { createServer } from 'node:http'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import type { MakeServer } from '../app.ts'
import { respond } from '../lib/node.ts'
import { serverSession } from '../lib/silverback.ts'

const makeServer: MakeServer = () =>
  createServer(
    sessions(serverSession(memory()), (request, response, session) =>
      respond(request.url as string, session.values, response),
    ),
  )

export default makeServer
