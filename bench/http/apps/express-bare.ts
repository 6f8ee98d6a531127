/** Express without sessions. */

import type { MakeServer } from '../app.ts'
import { newContent } from '../content.ts'
import { expressServer } from '../lib/express.ts'

const content = newContent('visitor-0')

const makeServer: MakeServer = () => expressServer({ content: () => content, start() {} })

export default makeServer
