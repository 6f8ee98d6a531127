/** A function of a web request, for any runtime. */

import type { TestApp } from 'silverback/testing/adapters'
import { sessions } from 'silverback/web'
import { webResponse, webVisit } from './web-response.ts'

/** What runtimes serve. */
export type Fetch = (request: Request) => Promise<Response>

export function webApp({ sources, options, handle }: TestApp): Fetch {
  return sessions(
    sources,
    async (request, got) => {
      const place = 'store' in sources ? { session: got } : { sessions: got }
      const response = new Headers()
      const visit = webVisit(request, place, { response })
      if (visit.path.startsWith('/missing')) return new Response(null, { status: 404 })
      return webResponse(await handle(visit), response)
    },
    options,
  )
}
