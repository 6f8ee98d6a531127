/** Astro apps, built from `test/projects/astro-suite`. */

import { join } from 'node:path'
import { type ContextLike, type OnRequest, sessions } from 'silverback/astro'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { builtApps, type Listener } from './built.ts'
import { webResponse, webVisit } from './web-response.ts'

/** The functions that the project's middleware and route call. */
interface Suite {
  readonly onRequest: OnRequest
  answer(context: ContextLike): Promise<Response>
}

/** Starts apps with the version of Astro in this folder's lockfile. */
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
  // Astro logs each error to the console and has no option against it.
  console.error = () => {}
  const app = copyInto(installProject(packages), 'suite', 'test/projects/astro-suite')
  run(app, ['astro', 'build'])
  const { handler } = await import(join(app, 'dist/server/entry.mjs'))
  return (request, response) => {
    // The project has a route for every path except this one.
    if (request.url?.startsWith('/missing')) request.url = '/no/route/of/this/name'
    handler(request, response)
  }
}
