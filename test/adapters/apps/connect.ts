/** A Connect app. */

import type { IncomingMessage } from 'node:http'
import connect from 'connect'
import * as adapter from 'silverback/connect'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf, statusOf } from './guards.ts'
import { listen, nodeVisit, type SessionHolder, sendNode } from './node-http.ts'

export const startConnect: StartApp = testApp => {
  const {
    sources,
    options: { onError: _, ...options },
    handle,
  } = testApp
  const app = connect()
  app.use(adapter.sessions(sources, options))
  for (const [path, guard] of guardsOf(testApp, adapter)) app.use(path, guard)
  app.use(async (request: IncomingMessage & SessionHolder, response, next) => {
    if (request.url?.startsWith('/missing')) return next()
    try {
      sendNode(response, await handle(nodeVisit(request, response, request)))
    } catch (error) {
      next(error)
    }
  })
  // Connect's default error page shows the error.
  app.use(
    (
      error: unknown,
      _request: unknown,
      response: import('node:http').ServerResponse,
      _: unknown,
    ) => {
      response.statusCode = statusOf(error)
      response.end('failed')
    },
  )
  return listen(app)
}
