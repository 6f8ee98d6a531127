/** A reporter that writes the outcome of each test as a line of JSON. */

import type { TestEvent } from 'node:test/reporters'

/** What became of a test. */
export interface Outcome {
  readonly name: string
  readonly status: 'passed' | 'skipped' | 'failed'
  /** Whether an assertion failed. Otherwise the test threw, was cancelled or contains a test that failed. */
  readonly isAssertion: boolean
}

export default async function* outcomes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const outcome = outcomeOf(event)
    if (outcome) yield `${JSON.stringify(outcome)}\n`
  }
}

function outcomeOf(event: TestEvent): Outcome | undefined {
  if (event.type === 'test:pass') {
    const { name, skip } = event.data
    return { name, status: skip ? 'skipped' : 'passed', isAssertion: false }
  }
  if (event.type !== 'test:fail') return undefined
  const { cause } = event.data.details.error
  const isAssertion = (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_ASSERTION'
  return { name: event.data.name, status: 'failed', isAssertion }
}
