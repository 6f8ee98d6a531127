/** An app on plain `node:http`. */

import { sessions } from 'silverback/node'
import type { StartApp } from 'silverback/testing/adapters'
import { listen, nodeVisit, sendNode } from './node-http.ts'

export const startNode: StartApp = ({ sources, options, handle }) =>
  listen(
    sessions(
      sources,
      async (request, response, received) => {
        const holder = 'store' in sources ? { session: received } : { sessions: received }
        if (request.url?.startsWith('/missing')) return sendNode(response, { status: 404 })
        sendNode(response, await handle(nodeVisit(request, response, holder)))
      },
      options,
    ),
  )
