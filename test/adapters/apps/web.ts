/** A function of a web request, behind `node:http`. */

import { serve } from '@hono/node-server'
import type { RunningApp, StartApp } from 'silverback/testing/adapters'
import { sessions } from 'silverback/web'
import { webResponse, webVisit } from './web-response.ts'

export const startWeb: StartApp = ({ sources, options, handle }) => {
  const fetch = sessions(
    sources,
    async (request, got) => {
      const place = 'store' in sources ? { session: got } : { sessions: got }
      const response = new Headers()
      const visit = webVisit(request, place, { response })
      if (visit.path.startsWith('/missing')) return new Response(null, { status: 404 })
      return webResponse(await handle(visit), response)
    },
    options,
  )
  return serveWeb(fetch)
}

/** A function of a web request on a free port. */
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
