/** An app on plain `node:http`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import * as adapter from 'silverback/node'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf } from './guards.ts'
import { listen, nodeVisit, sendNode } from './node-http.ts'

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  received?: unknown,
) => Promise<void>

export const startNode: StartApp = testApp => {
  const { sources, options, handle } = testApp
  const respond: Handler = async (request, response, received) => {
    const holder = 'store' in sources ? { session: received } : { sessions: received }
    if (request.url?.startsWith('/missing')) return sendNode(response, { status: 404 })
    sendNode(response, await handle(nodeVisit(request, response, holder)))
  }
  const guards = guardsOf<Handler>(testApp, {
    requireLogin: (source, options) => adapter.requireLogin(source, respond, options),
    requireFreshLogin: (source, seconds, options) =>
      adapter.requireFreshLogin(source, seconds, respond, options),
    csrfProtection: options => adapter.csrfProtection(respond, options),
  })
  return listen(
    adapter.sessions(
      sources,
      (request, response, received) =>
        (guards.get(String(request.url)) ?? respond)(request, response, received),
      options,
    ),
  )
}
