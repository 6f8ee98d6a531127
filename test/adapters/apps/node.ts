/** An app on `node:http` alone. */

import { sessions } from 'silverback/node'
import type { StartApp } from 'silverback/testing/adapters'
import { answerNode, listen, nodeVisit } from './node-http.ts'

export const startNode: StartApp = ({ sources, options, handle }) =>
  listen(
    sessions(
      sources,
      async (request, response, got) => {
        const place = 'store' in sources ? { session: got } : { sessions: got }
        if (request.url?.startsWith('/missing')) return answerNode(response, { status: 404 })
        answerNode(response, await handle(nodeVisit(request, response, place)))
      },
      options,
    ),
  )
