/** Runs the suite for one adapter of the list. */

import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { adapters, type TestedAdapter } from './apps/index.ts'

export function runAdapterSuite(name: string): void {
  const { framework, start, cannot } = adapters[name] as TestedAdapter
  suite(`${framework} (${name})`, () => {
    adapterSuite(test, start, { cannot })
  })
}
