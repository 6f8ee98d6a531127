/** Apps of SvelteKit: `test/projects/sveltekit-suite`. */

import { join } from 'node:path'
import { type EventLike, type Handle, sessions } from 'silverback/sveltekit'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { builtApps, type Listener } from './built.ts'
import type { Place } from './node-http.ts'
import { webResponse, webVisit } from './web-response.ts'

/** What the hook and the route do. */
interface Suite {
  readonly handle: Handle
  answer(event: EventLike): Promise<Response>
}

/** Starts apps in the SvelteKit that this folder of the repository has the lockfile of. */
export function svelteKit(packages: string): { prepare(): Promise<unknown>; start: StartApp } {
  return builtApps(() => build(packages), suite)
}

function suite({ sources, options: { onError: _, ...options }, handle }: TestApp): Suite {
  return {
    handle: sessions(sources, options),
    async answer(event) {
      const { request, locals }: { request: Request; locals: Place } = event
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
