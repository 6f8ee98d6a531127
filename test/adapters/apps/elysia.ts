/** An app of Elysia on Node. */

import { Elysia, NotFoundError } from 'elysia'
import { sessions } from 'silverback/elysia'
import type { StartApp } from 'silverback/testing/adapters'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

export const startElysia: StartApp = ({ sources, options, handle }) => {
  const app = new Elysia()
    .use(sessions(sources, options))
    .onError(({ code, set }) => {
      set.status = code === 'NOT_FOUND' ? 404 : 500
      return 'failed'
    })
    .all(
      '/*',
      async context => {
        const { request, set, path } = context
        if (path === '/missing') throw new NotFoundError()
        const saved = new Headers()
        const answer = await handle(webVisit(request, context, { response: saved }))
        const { status = 200, headers = {}, body = '', redirect } = answer ?? {}
        // On Node, unlike Bun, a Response redirects to no relative URL, and has no body with 204.
        if (typeof body !== 'string' || redirect || !body) return webResponse(answer, saved)
        set.status = status
        for (const [name, value] of [...saved, ...Object.entries(headers)]) {
          set.headers[name.toLowerCase()] = value as string
        }
        return body
      },
      { parse: 'none' },
    )
  return serveWeb(request => app.fetch(request))
}
