/** Express with Silverback's CookieStore. */

import { sessions } from 'silverback/express'
import type { MakeServer } from '../app.ts'
import { expressServer, sessionValues } from '../lib/express.ts'
import { cookieSession } from '../lib/silverback.ts'

const makeServer: MakeServer = () => expressServer(sessionValues, sessions(cookieSession()))

export default makeServer
