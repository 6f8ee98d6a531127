/** `node:http` without sessions. */

import { createServer } from 'node:http'
import type { MakeServer } from '../app.ts'
import { newContent } from '../content.ts'
import { respond } from '../lib/node.ts'

const content = newContent('visitor-0')

const makeServer: MakeServer = () =>
  createServer((request, response) => respond(request.url as string, content, response))

export default makeServer
