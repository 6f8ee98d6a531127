/** An app of Hono on Node. */

import { type Context, Hono } from 'hono'
import { sessions } from 'silverback/hono'
import type { Answer, StartApp } from 'silverback/testing/adapters'
import type { Place } from './node-http.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

export const startHono: StartApp = ({ sources, options: { onError: _, ...options }, handle }) => {
  const app = new Hono()
    .use(sessions(sources, options))
    .all('/missing', c => c.notFound())
    .all('*', async c => {
      const place: Place = c.var
      return answerHono(c, await handle(webVisit(c.req.raw, place, { response: c.res.headers })))
    })
  app.onError((_error, c) => c.text('failed', 500))
  return serveWeb(app.fetch)
}

function answerHono(c: Context, answer: Answer = {}): Response {
  const { status = 200, headers = {}, body = '', redirect } = answer
  if (typeof body !== 'string' || status !== 200) return webResponse(answer)
  for (const [name, value] of Object.entries(headers)) {
    for (const each of [value].flat()) c.header(name, each, { append: name === 'Set-Cookie' })
  }
  return redirect ? c.redirect(redirect) : c.text(body)
}
