/** Serves cases with `Deno.serve`. */

import type { RunningApp } from 'silverback/testing/adapters'
import type { Fetch } from '../apps/web-app.ts'
import { caseServer } from './cases.ts'

/** The part of Deno that we call. */
declare const Deno: {
  serve(
    options: { port: number; hostname: string; signal: AbortSignal; onListen(): void },
    fetch: Fetch,
  ): { readonly addr: { readonly port: number } }
}

function serve(fetch: Fetch): RunningApp {
  const stopping = new AbortController()
  const options = { port: 0, hostname: '127.0.0.1', signal: stopping.signal, onListen() {} }
  const { port } = Deno.serve(options, fetch).addr
  return { origin: `http://127.0.0.1:${port}`, close: () => stopping.abort() }
}

console.log(`cases at ${serve(caseServer(serve)).origin}`)
