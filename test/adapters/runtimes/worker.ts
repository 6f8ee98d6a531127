/**
 * Serves cases in workerd. A worker cannot listen: the entrypoints `app0` and `app1` have sockets of their
 * own, whose origins are in `APPS`, and a case has as many apps as that.
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
  const place = APPS.findIndex((_, index) => !running[index])
  if (place === -1) throw new Error(`a case with more than ${APPS.length} apps`)
  running[place] = fetch
  return {
    origin: APPS[place] as string,
    close() {
      running[place] = undefined
    },
  }
}

function app(place: number): Entrypoint {
  return {
    async fetch(request) {
      const fetch = running[place]
      if (!fetch) throw new Error('no case has this app')
      return fetch(request)
    },
  }
}

export const app0: Entrypoint = app(0)
export const app1: Entrypoint = app(1)

export default {
  fetch: (request, env) => caseServer(fetch => serve(fetch, env))(request),
} satisfies Entrypoint
