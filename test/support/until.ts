/** Waits for what happens in other processes or connections. */

import { setTimeout as sleep } from 'node:timers/promises'

/** How long to wait, in milliseconds: much longer than a busy machine needs, since only a failing test waits so long. */
const patience = 60_000

/** Resolves once the condition holds. Rejects after a minute, with what was expected. */
export async function until(
  expected: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${expected}: not within a minute`)
    await sleep(10)
  }
}
