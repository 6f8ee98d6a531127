/** Handlers of web requests on `node:http`. */

import { serve } from '@hono/node-server'
import type { RunningApp, StartApp } from 'silverback/testing/adapters'
import { webApp } from './web-app.ts'

export const startWeb: StartApp = app => serveWeb(webApp(app))

/** Serves a handler of web requests on a free port. */
export function serveWeb(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<RunningApp> {
  return new Promise(resolve => {
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({
        origin: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise(done => {
            ;(server as import('node:http').Server).closeAllConnections()
            server.close(() => done())
          }),
      }),
    )
  })
}
