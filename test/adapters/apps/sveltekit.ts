/** SvelteKit apps, built from `test/projects/sveltekit-suite`. */

import { join } from 'node:path'
import * as adapter from 'silverback/sveltekit'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { builtApps, type Listener } from './built.ts'
import { guardsOf } from './guards.ts'
import type { SessionHolder } from './node-http.ts'
import { webResponse, webVisit } from './web-response.ts'

/** The functions that the project's hook and route call. */
interface Suite {
  readonly handle: adapter.Handle
  answer(event: adapter.EventLike): Promise<Response>
}

/** Starts apps with the version of SvelteKit in this folder's lockfile. */
export function svelteKit(packages: string): { prepare(): Promise<unknown>; start: StartApp } {
  return builtApps(() => build(packages), suite)
}

function suite(testApp: TestApp): Suite {
  const {
    sources,
    options: { onError: _, ...options },
    handle,
  } = testApp
  const withSessions = adapter.sessions(sources, options)
  const guards = guardsOf(testApp, adapter)
  return {
    // Kit's `sequence` does the same.
    handle: ({ event, resolve }) => {
      const guard = guards.get(new URL(event.request.url).pathname)
      return withSessions({
        event,
        resolve: event => guard?.({ event, resolve }) ?? resolve(event),
      })
    },
    async answer(event) {
      const { request, locals }: { request: Request; locals: SessionHolder } = event
      const visit = webVisit(request, locals, { request: event, response: event })
      return webResponse(await handle(visit))
    },
  }
}

async function build(packages: string): Promise<Listener> {
  const app = copyInto(installProject(packages), 'suite', 'test/projects/sveltekit-suite')
  run(app, ['vite', 'build'])
  const { handler } = await import(join(app, 'build/handler.js'))
  return handler
}
