/**
 * Cases that run in another runtime, beside their app, while the test's own process sends the requests:
 * `GET /?case=NAME` runs one and answers why it fails. Needs nothing but `fetch`.
 */

import type { RunningApp } from 'silverback/testing/adapters'
import { type AdapterCaseName, adapterCaseNames } from '../../../src/testing/adapters/cases.ts'
import { runCase } from '../../../src/testing/adapters/run-case.ts'
import { type Fetch, webApp } from '../apps/web-app.ts'
import { clientAt } from './asking-client.ts'

/** Starts a server of the runtime. */
export type Serve = (fetch: Fetch) => RunningApp | Promise<RunningApp>

/** What a run came to. */
export interface Outcome {
  /** Left out when all was well. */
  readonly failure?: string
}

/** Answers requests for cases. */
export function caseServer(serve: Serve): Fetch {
  return async request => {
    const { searchParams } = new URL(request.url)
    const name = searchParams.get('case')
    const client = clientAt(searchParams.get('client') ?? '')
    if (!isCase(name)) return new Response('no such case', { status: 404 })
    const failure = await runCase(name, async app => serve(webApp(app)), client)
    return Response.json({ failure: failure?.message } satisfies { failure: string | undefined })
  }
}

function isCase(name: string | null): name is AdapterCaseName {
  return adapterCaseNames.some(each => each === name)
}
