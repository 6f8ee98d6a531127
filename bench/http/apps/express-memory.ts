/** Express with Silverback's ServerStore over memory. */

import { sessions } from 'silverback/express'
import { memory } from 'silverback/memory'
import type { MakeServer } from '../app.ts'
import { expressServer, sessionValues } from '../lib/express.ts'
import { serverSession } from '../lib/silverback.ts'

const makeServer: MakeServer = () => expressServer(sessionValues, sessions(serverSession(memory())))

export default makeServer
