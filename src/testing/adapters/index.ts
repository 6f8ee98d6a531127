/**
 * A test suite for adapters, ours and yours. It sends requests over real connections.
 *
 * It works with any test runner that has a test function. It uses Node's `http` and `net`, which Bun and Deno
 * have too.
 *
 * @module
 */

import type { TestFunction } from '../backend-suite.ts'
import type { StartApp } from './case.ts'
import { type AdapterCaseName, adapterCaseNames } from './cases.ts'
import { nodeClient } from './node-client.ts'
import { nodeResponseCases } from './node-response.ts'
import { runCase } from './run-case.ts'

export type {
  NodeResponse,
  RouteGuard,
  RunningApp,
  StartApp,
  TestApp,
  TestResponse,
  Visit,
} from './case.ts'
export { type AdapterCaseName, adapterCaseNames } from './cases.ts'

/** Reasons why an adapter cannot pass a case, by the name of the case. */
export type Exceptions = Readonly<Partial<Record<AdapterCaseName, string>>>

/** Exceptions for frameworks whose handlers have no access to Node's response. */
export const withoutNodeResponse: Exceptions = Object.fromEntries(
  Object.keys(nodeResponseCases).map(name => [name, "handlers have no access to Node's response"]),
)

/** Options of {@link adapterSuite}. */
export interface AdapterSuiteOptions {
  /** Cases that the framework makes impossible, with the reason. They run nevertheless, and must fail. Default: none. */
  cannot?: Exceptions
}

/**
 * Defines one test per case. Each test starts its own apps.
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
 * Defines one test per case, with a custom way to run it.
 *
 * @param run - runs a case and resolves with its error, or with undefined if it passes
 */
export function testCases(
  test: TestFunction,
  run: (name: AdapterCaseName) => Promise<Error | undefined>,
  cannot: Exceptions,
): void {
  for (const name of adapterCaseNames) {
    const reason = cannot[name]
    test(reason ? `${name} (expected to fail: ${reason})` : name, async () => {
      const failure = await run(name)
      if (failure && !reason) throw failure
      if (!failure && reason) throw new Error('this case passes, so remove it from `cannot`')
    })
  }
}
