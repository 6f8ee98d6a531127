/**
 * Assertions that do not depend on a test runner.
 *
 * @module
 */

/** Throws an Error with the text `expectation` if `condition` is false. */
export function assert(condition: boolean, expectation: string): void {
  if (!condition) throw new Error(`expected: ${expectation}`)
}

/** Throws an Error that shows both values if they are not deeply equal. For plain data. */
export function assertEqual(actual: unknown, expected: unknown): void {
  const [left, right] = [format(actual), format(expected)]
  if (left !== right) throw new Error(`expected ${right}, got ${left}`)
}

/** Rejects with the text `message` if `run` resolves. */
export async function assertFails(run: () => Promise<unknown>, message: string): Promise<void> {
  try {
    await run()
  } catch {
    return
  }
  throw new Error(`${message}: expected to fail`)
}

function format(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part instanceof Uint8Array) return [...part]
    if (typeof part !== 'object' || part === null || Array.isArray(part))
      return part ?? String(part)
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
