/** The server of the Hono apps. */

import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'

// biome-ignore lint/suspicious/noExplicitAny: the apps have different types of variables
export function honoServer(app: Hono<any, any>): Server {
  return createAdaptorServer({ fetch: app.fetch }) as Server
}
