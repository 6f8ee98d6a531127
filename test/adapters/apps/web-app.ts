/** The app for `silverback/web`, in any runtime. */

import type { TestApp } from 'silverback/testing/adapters'
import * as adapter from 'silverback/web'
import { guardsOf } from './guards.ts'
import { webResponse, webVisit } from './web-response.ts'

/** A handler of web requests. */
export type Fetch = (request: Request) => Promise<Response>

type Handler = (request: Request, received: unknown) => Promise<Response>

export function webApp(testApp: TestApp): Fetch {
  const { sources, options, handle } = testApp
  const respond: Handler = async (request, received) => {
    const holder = 'store' in sources ? { session: received } : { sessions: received }
    const response = new Headers()
    const visit = webVisit(request, holder, { response })
    if (visit.path.startsWith('/missing')) return new Response(null, { status: 404 })
    return webResponse(await handle(visit), response)
  }
  const guards = guardsOf<Handler>(testApp, {
    requireLogin: (source, options) => adapter.requireLogin(source, respond, options),
    requireFreshLogin: (source, seconds, options) =>
      adapter.requireFreshLogin(source, seconds, respond, options),
    csrfProtection: options => adapter.csrfProtection(respond, options),
  })
  return adapter.sessions(
    sources,
    (request, received) =>
      (guards.get(new URL(request.url).pathname) ?? respond)(request, received),
    // With the option `lazy` there is nothing to receive, which the type of this handler does not show.
    options as adapter.ReportingOptions<false>,
  )
}
