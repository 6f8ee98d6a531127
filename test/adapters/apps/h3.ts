/** An h3 v2 app on Node. */

import { H3, HTTPError, redirect as redirectTo } from 'h3'
import * as adapter from 'silverback/h3'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf } from './guards.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

export const startH3: StartApp = testApp => {
  const { sources, options, handle } = testApp
  const { onError: _, ...rest } = options
  const app = new H3({ silent: true })
  app.use(adapter.sessions(sources, rest))
  for (const [path, guard] of guardsOf(testApp, adapter)) app.use(path, guard)
  app.all('/missing', () => {
    throw new HTTPError({ status: 404 })
  })
  app.all('/**', async event => {
    const saving = { request: event as { headers: Headers }, response: event.res.headers }
    const result = await handle(webVisit(event.req, event.context, saving))
    const { status = 200, headers = {}, body = '', redirect } = result ?? {}
    if (typeof body !== 'string' || status >= 400) return webResponse(result)
    for (const [name, value] of Object.entries(headers)) {
      for (const each of [value].flat()) event.res.headers.append(name, each)
    }
    if (redirect) return redirectTo(redirect)
    event.res.status = status
    return body
  })
  return serveWeb(app.fetch)
}
