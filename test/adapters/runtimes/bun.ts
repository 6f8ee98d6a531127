/** Serves cases with `Bun.serve`. */

import type { RunningApp } from 'silverback/testing/adapters'
import type { Fetch } from '../apps/web-app.ts'
import { caseServer } from './cases.ts'

/** What is called of Bun. */
declare const Bun: {
  serve(options: { fetch: Fetch; port: number; hostname: string; idleTimeout: number }): {
    readonly url: URL
    stop(closeActiveConnections: boolean): Promise<void>
  }
}

function serve(fetch: Fetch): RunningApp {
  // Cases may take longer than the ten seconds after which Bun ends a connection without traffic.
  const server = Bun.serve({ fetch, port: 0, hostname: '127.0.0.1', idleTimeout: 60 })
  return { origin: server.url.origin, close: () => server.stop(true) }
}

console.log(`cases at ${serve(caseServer(serve)).origin}`)
