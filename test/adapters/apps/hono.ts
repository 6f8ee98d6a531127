/** A Hono app on Node. */

import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as adapter from 'silverback/hono'
import type { StartApp, TestResponse } from 'silverback/testing/adapters'
import { guardsOf } from './guards.ts'
import type { SessionHolder } from './node-http.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

export const startHono: StartApp = testApp => {
  const {
    sources,
    options: { onError: _, ...options },
    handle,
  } = testApp
  const app = new Hono().use(adapter.sessions(sources, options))
  for (const [path, guard] of guardsOf(testApp, adapter)) app.use(path, guard)
  app
    .all('/missing', c => c.notFound())
    .all('*', async c => {
      const holder: SessionHolder = c.var
      return honoResponse(c, await handle(webVisit(c.req.raw, holder, { response: c.res.headers })))
    })
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text('failed', 500),
  )
  return serveWeb(app.fetch)
}

function honoResponse(c: Context, result: TestResponse = {}): Response {
  const { status = 200, headers = {}, body = '', redirect } = result
  if (typeof body !== 'string' || status !== 200) return webResponse(result)
  for (const [name, value] of Object.entries(headers)) {
    for (const each of [value].flat()) c.header(name, each, { append: name === 'Set-Cookie' })
  }
  return redirect ? c.redirect(redirect) : c.text(body)
}
