/** An h3 v1 app. Nitro 2 and Nuxt 4 are built on h3 v1. */

import { Readable } from 'node:stream'
import {
  createApp,
  createError,
  eventHandler,
  readRawBody,
  sendRedirect,
  setResponseHeader,
  setResponseStatus,
  toNodeListener,
} from 'h3v1'
import * as adapter from 'silverback/h3v1'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf } from './guards.ts'
import { listen, nodeVisit, pipe } from './node-http.ts'

export const startH3v1: StartApp = testApp => {
  const { sources, options, handle } = testApp
  const app = createApp({ onError: () => {} })
  app.use(adapter.sessions(sources, options))
  for (const [path, guard] of guardsOf(testApp, adapter)) app.use(path, guard)
  app.use(
    '/',
    eventHandler(async event => {
      if (event.path.startsWith('/missing')) throw createError({ statusCode: 404 })
      const { req, res } = event.node
      const result = await handle({
        ...nodeVisit(req, res, event.context),
        request: event,
        body: async () => (await readRawBody(event)) ?? '',
      })
      if (!result) {
        event._handled = true
        return
      }
      const { status = 200, headers = {}, body = '', redirect } = result
      for (const [name, value] of Object.entries(headers)) {
        setResponseHeader(event, name, value as string)
      }
      if (redirect) return sendRedirect(event, redirect)
      setResponseStatus(event, status)
      if (typeof body === 'string') return body
      // h3's own sendStream leaves a response open for ever whose source fails.
      event._handled = true
      pipe(Readable.from(body, { objectMode: false }), res)
    }),
  )
  return listen(toNodeListener(app))
}
