/** Runs the suite of the web adapter in every runtime. This Node sends the requests. */

import { after, before, suite, test } from 'node:test'
import type { RunningApp } from 'silverback/testing/adapters'
import { testCases } from '../../src/testing/adapters/index.ts'
import { needsRuntimes } from '../support/projects/runtimes.ts'
import { runtimes } from './apps/runtimes.ts'
import type { Outcome } from './runtimes/cases.ts'
import { serveClient } from './runtimes/client-server.ts'
import { type CaseRunner, startCaseRunner } from './runtimes/programs.ts'

for (const { runtime, framework, cannot } of runtimes) {
  suite(framework, needsRuntimes(runtime), () => {
    let client: RunningApp
    let runner: CaseRunner
    before(async () => {
      client = await serveClient()
      runner = await startCaseRunner(runtime)
    })
    after(async () => {
      await runner.stop()
      await client.close()
    })
    const run = async (name: string): Promise<Error | undefined> => {
      const query = new URLSearchParams({ case: name, client: client.origin })
      const response = await fetch(`${runner.origin}/?${query}`)
      const { failure }: Outcome = await response.json()
      return failure === undefined ? undefined : new Error(failure)
    }
    testCases(test, run, cannot)
  })
}
