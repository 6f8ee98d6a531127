/**
 * Runs cases and their apps in another runtime, while the test's process sends the requests.
 * `GET /?case=NAME` runs a case and returns its error, if any. Needs only `fetch`.
 */

import type { RunningApp } from 'silverback/testing/adapters'
import { type AdapterCaseName, adapterCaseNames } from '../../../src/testing/adapters/cases.ts'
import { runCase } from '../../../src/testing/adapters/run-case.ts'
import { type Fetch, webApp } from '../apps/web-app.ts'
import { clientAt } from './remote-client.ts'

/** Starts a server of the runtime. */
export type Serve = (fetch: Fetch) => RunningApp | Promise<RunningApp>

/** The outcome of a case. */
export interface Outcome {
  /** The error message, if the case failed. */
  readonly failure?: string
}

/** Makes a handler for requests to run cases. */
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
