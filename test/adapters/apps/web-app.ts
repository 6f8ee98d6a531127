/** The app for `silverback/web`, in any runtime. */

import type { TestApp } from 'silverback/testing/adapters'
import { sessions } from 'silverback/web'
import { webResponse, webVisit } from './web-response.ts'

/** A handler of web requests. */
export type Fetch = (request: Request) => Promise<Response>

export function webApp({ sources, options, handle }: TestApp): Fetch {
  return sessions(
    sources,
    async (request, received) => {
      const holder = 'store' in sources ? { session: received } : { sessions: received }
      const response = new Headers()
      const visit = webVisit(request, holder, { response })
      if (visit.path.startsWith('/missing')) return new Response(null, { status: 404 })
      return webResponse(await handle(visit), response)
    },
    options,
  )
}
