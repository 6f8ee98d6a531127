/** Serves cases with `Bun.serve`. */

import type { RunningApp } from 'silverback/testing/adapters'
import type { Fetch } from '../apps/web-app.ts'
import { caseServer } from './cases.ts'

/** The part of Bun that we call. */
declare const Bun: {
  serve(options: { fetch: Fetch; port: number; hostname: string; idleTimeout: number }): {
    readonly url: URL
    stop(closeActiveConnections: boolean): Promise<void>
  }
}

function serve(fetch: Fetch): RunningApp {
  // By default Bun closes idle connections after ten seconds, which is too short for some cases.
  const server = Bun.serve({ fetch, port: 0, hostname: '127.0.0.1', idleTimeout: 60 })
  return { origin: server.url.origin, close: () => server.stop(true) }
}

console.log(`cases at ${serve(caseServer(serve)).origin}`)
