/**
 * What every adapter has to do, as tests over real connections: for ours, and for yours.
 *
 * It needs no particular test runner, only something to name tests with, and Node's `http` and `net`,
 * which Bun and Deno have as well.
 *
 * @module
 */

import type { TestFunction } from '../backend-suite.ts'
import type { StartApp } from './case.ts'
import { type AdapterCaseName, adapterCaseNames } from './cases.ts'
import { nodeClient } from './node-client.ts'
import { nodeResponseCases } from './node-response.ts'
import { runCase } from './run-case.ts'

export type { Answer, NodeResponse, RunningApp, StartApp, TestApp, Visit } from './case.ts'
export { type AdapterCaseName, adapterCaseNames } from './cases.ts'

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
  testCases(test, name => runCase(name, startApp, nodeClient), cannot)
}

/**
 * Runs the cases wherever `run` does.
 *
 * @param run - answers why a case fails, or undefined
 */
export function testCases(
  test: TestFunction,
  run: (name: AdapterCaseName) => Promise<Error | undefined>,
  cannot: Exceptions,
): void {
  for (const name of adapterCaseNames) {
    const reason = cannot[name]
    test(reason ? `${name} (not here: ${reason})` : name, async () => {
      const failure = await run(name)
      if (failure && !reason) throw failure
      if (!failure && reason) throw new Error('this case is said to be impossible, and passes')
    })
  }
}
