/**
 * What every adapter has to do, as tests over real connections: for ours, and for yours.
 *
 * It needs no particular test runner, only something to name tests with, and Node's `http` and `net`,
 * which Bun and Deno have as well.
 *
 * @module
 */

import type { TestFunction } from '../backend-suite.ts'
import { Browser } from './browser.ts'
import type { Bench, Case, RunningApp, StartApp } from './case.ts'
import { concurrencyCases } from './concurrency.ts'
import { cookieCases } from './cookies.ts'
import { failureCases } from './failures.ts'
import { hostileCases } from './hostile.ts'
import { nodeResponseCases } from './node-response.ts'
import { savingCases } from './saving.ts'
import { cookieStore } from './stores.ts'
import { streamCases } from './streams.ts'

export type { Answer, NodeResponse, RunningApp, StartApp, TestApp, Visit } from './case.ts'

const cases = {
  ...cookieCases,
  ...savingCases,
  ...streamCases,
  ...failureCases,
  ...concurrencyCases,
  ...hostileCases,
  ...nodeResponseCases,
}

/** The names of the cases. */
export type AdapterCaseName = keyof typeof cases

/** The same, in order. */
export const adapterCaseNames: readonly AdapterCaseName[] = Object.keys(cases) as AdapterCaseName[]

/** Why an adapter cannot do what a case asks for, by case. */
export type Exceptions = Readonly<Partial<Record<AdapterCaseName, string>>>

/** For frameworks whose handlers never see a response of Node. */
export const withoutNodeResponse: Exceptions = Object.fromEntries(
  Object.keys(nodeResponseCases).map(name => [name, 'handlers get no response of Node']),
)

/** What the suite has to know of an adapter. */
export interface AdapterSuiteOptions {
  /** Cases that the framework makes impossible, with the reason. They are run, and must fail. */
  cannot?: Exceptions
}

/**
 * Runs the cases, each with an app of its own.
 *
 * @param test - the test function of a runner
 * @param startApp - starts an app in the framework
 */
export function adapterSuite(
  test: TestFunction,
  startApp: StartApp,
  { cannot = {} }: AdapterSuiteOptions = {},
): void {
  for (const [name, check] of Object.entries(cases) as [AdapterCaseName, Case][]) {
    const reason = cannot[name]
    test(reason ? `${name} (not here: ${reason})` : name, async () => {
      const failure = await run(check, startApp)
      if (failure && !reason) throw failure
      if (!failure && reason) throw new Error('this case is said to be impossible, and passes')
    })
  }
}

/** Longest time for a case: what waits for ever has failed. */
const timeoutSeconds = 10

async function run(check: Case, startApp: StartApp): Promise<Error | undefined> {
  const running: RunningApp[] = []
  const bench: Bench = {
    async start(routes, { sources, saveOnError, onError = () => {} } = {}) {
      const app = await startApp({
        sources: sources ?? { store: cookieStore(), name: 'login' },
        options: { onError, ...(saveOnError && { saveOnError }) },
        handle(visit) {
          const path = visit.path.split('?')[0] as string
          const handle = routes[path]
          if (!handle) throw new Error(`the case has no handler for ${path}`)
          return handle(visit)
        },
      })
      running.push(app)
      return { origin: app.origin, browser: () => new Browser(app.origin) }
    },
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error(`not done after ${timeoutSeconds} seconds`))
    timer = setTimeout(late, timeoutSeconds * 1000)
  })
  try {
    await Promise.race([check(bench), timeout])
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    clearTimeout(timer)
    for (const app of running) await app.close()
  }
}
