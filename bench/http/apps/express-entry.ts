/** Express with Silverback's replacement for express-session, over memory. */

import session from 'silverback/express-session'
import type { MakeServer } from '../app.ts'
import { expressServer, sessionProperty } from '../lib/express.ts'
import { expressSessionOptions } from '../lib/express-session.ts'

const makeServer: MakeServer = () => expressServer(sessionProperty, session(expressSessionOptions))

export default makeServer
