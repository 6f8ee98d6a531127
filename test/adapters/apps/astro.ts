/** Apps of Astro: `test/projects/astro-suite`. */

import { join } from 'node:path'
import { type ContextLike, type OnRequest, sessions } from 'silverback/astro'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { builtApps, type Listener } from './built.ts'
import { webResponse, webVisit } from './web-response.ts'

/** What the middleware and the route do. */
interface Suite {
  readonly onRequest: OnRequest
  answer(context: ContextLike): Promise<Response>
}

/** Starts apps in the Astro that this folder of the repository has the lockfile of. */
export function astro(packages: string): { prepare(): Promise<unknown>; start: StartApp } {
  return builtApps(() => build(packages), suite)
}

function suite({ sources, options: { onError: _, ...options }, handle }: TestApp): Suite {
  return {
    onRequest: sessions(sources, options),
    async answer({ request, locals }) {
      const response = new Headers()
      return webResponse(await handle(webVisit(request, locals, { response })), response)
    },
  }
}

async function build(packages: string): Promise<Listener> {
  // Astro tells the console of each error, and cannot be told not to.
  console.error = () => {}
  const app = copyInto(installProject(packages), 'suite', 'test/projects/astro-suite')
  run(app, ['astro', 'build'])
  const { handler } = await import(join(app, 'dist/server/entry.mjs'))
  return (request, response) => {
    // To no route at all: the framework's own 404.
    if (request.url?.startsWith('/missing')) request.url = '/no/route/of/this/name'
    handler(request, response)
  }
}
