/** Astro apps, built from `test/projects/astro-suite`. */

import { join } from 'node:path'
import * as adapter from 'silverback/astro'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { builtApps, type Listener } from './built.ts'
import { guardsOf } from './guards.ts'
import { webResponse, webVisit } from './web-response.ts'

/** The functions that the project's middleware and route call. */
interface Suite {
  readonly onRequest: adapter.OnRequest
  answer(context: adapter.ContextLike): Promise<Response>
}

/** Starts apps with the version of Astro in this folder's lockfile. */
export function astro(packages: string): { prepare(): Promise<unknown>; start: StartApp } {
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
    // Astro's `sequence` does the same.
    onRequest: (context, next) =>
      withSessions(context, () => guards.get(context.url.pathname)?.(context, next) ?? next()),
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
