/** A Connect app. */

import type { IncomingMessage } from 'node:http'
import connect from 'connect'
import { sessions } from 'silverback/connect'
import type { StartApp } from 'silverback/testing/adapters'
import { listen, nodeVisit, type SessionHolder, sendNode } from './node-http.ts'

export const startConnect: StartApp = ({
  sources,
  options: { onError: _, ...options },
  handle,
}) => {
  const app = connect()
  app.use(sessions(sources, options))
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
      _error: unknown,
      _request: unknown,
      response: import('node:http').ServerResponse,
      _: unknown,
    ) => {
      response.statusCode = 500
      response.end('failed')
    },
  )
  return listen(app)
}
