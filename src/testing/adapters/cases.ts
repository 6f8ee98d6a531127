/**
 * All cases. They use no module of Node.
 *
 * @module
 */

import { concurrencyCases } from './concurrency.ts'
import { cookieCases } from './cookies.ts'
import { failureCases } from './failures.ts'
import { guardCases } from './guards.ts'
import { hostileCases } from './hostile.ts'
import { lazyCases } from './lazy.ts'
import { nodeResponseCases } from './node-response.ts'
import { savingCases } from './saving.ts'
import { streamCases } from './streams.ts'

export const cases = {
  ...cookieCases,
  ...savingCases,
  ...lazyCases,
  ...guardCases,
  ...streamCases,
  ...failureCases,
  ...concurrencyCases,
  ...hostileCases,
  ...nodeResponseCases,
}

/** The name of a case. */
export type AdapterCaseName = keyof typeof cases

/** All names, in the order in which the cases run. */
export const adapterCaseNames: readonly AdapterCaseName[] = Object.keys(cases) as AdapterCaseName[]
