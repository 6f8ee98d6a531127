/**
 * Serves cases in workerd. A worker cannot listen on a port. Instead, the entrypoints `app0` and `app1` have
 * sockets whose origins are in `APPS`. A case can therefore start at most two apps.
 */

import type { RunningApp } from 'silverback/testing/adapters'
import type { Fetch } from '../apps/web-app.ts'
import { caseServer } from './cases.ts'

interface Env {
  readonly APPS: readonly string[]
}

interface Entrypoint {
  fetch(request: Request, env: Env): Promise<Response>
}

const running: (Fetch | undefined)[] = []

function serve(fetch: Fetch, { APPS }: Env): RunningApp {
  const index = APPS.findIndex((_, each) => !running[each])
  if (index === -1) throw new Error(`a case cannot start more than ${APPS.length} apps`)
  running[index] = fetch
  return {
    origin: APPS[index] as string,
    close() {
      running[index] = undefined
    },
  }
}

function app(index: number): Entrypoint {
  return {
    async fetch(request) {
      const fetch = running[index]
      if (!fetch) throw new Error('no case has started this app')
      return fetch(request)
    },
  }
}

export const app0: Entrypoint = app(0)
export const app1: Entrypoint = app(1)

export default {
  fetch: (request, env) => caseServer(fetch => serve(fetch, env))(request),
} satisfies Entrypoint
