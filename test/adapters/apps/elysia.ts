/** An Elysia app on Node. */

import { Elysia, NotFoundError } from 'elysia'
import * as adapter from 'silverback/elysia'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf, statusOf } from './guards.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

export const startElysia: StartApp = testApp => {
  const { sources, options, handle } = testApp
  const guards = guardsOf(testApp, adapter)
  const app = new Elysia()
    .use(adapter.sessions(sources, options))
    .onError(({ error, set }) => {
      set.status = statusOf(error)
      return 'failed'
    })
    .all(
      '/*',
      async context => {
        const { request, set, path } = context
        if (path === '/missing') throw new NotFoundError()
        const saved = new Headers()
        const result = await handle(webVisit(request, context, { response: saved }))
        const { status = 200, headers = {}, body = '', redirect } = result ?? {}
        // On Node, unlike on Bun, a Response cannot redirect to a relative URL or have a body with status 204.
        if (typeof body !== 'string' || redirect || !body) return webResponse(result, saved)
        set.status = status
        for (const [name, value] of [...saved, ...Object.entries(headers)]) {
          set.headers[name.toLowerCase()] = value as string
        }
        return body
      },
      {
        parse: 'none',
        // Elysia looks for a result in the source of a hook, and finds none in `context => f(context)`.
        beforeHandle: async ({ path, request }) => guards.get(path)?.({ request }),
      },
    )
  return serveWeb(request => app.fetch(request))
}
