/** The server of the h3 apps. */

import { createServer, type Server } from 'node:http'
import { type H3, toNodeHandler } from 'h3'

export function h3Server(app: H3): Server {
  return createServer(toNodeHandler(app) as Parameters<typeof createServer>[1])
}
