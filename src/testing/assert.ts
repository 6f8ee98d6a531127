/**
 * Assertions that need no particular runner.
 *
 * @module
 */

/** Throws an Error that says `what` should be, unless `condition` holds. */
export function assert(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected: ${what}`)
}

/** Throws an Error that shows both, unless they are equal: plain data, compared deeply. */
export function assertEqual(actual: unknown, expected: unknown): void {
  const [left, right] = [shown(actual), shown(expected)]
  if (left !== right) throw new Error(`expected ${right}, got ${left}`)
}

/** Rejects, saying `what`, unless `run` fails. */
export async function assertFails(run: () => Promise<unknown>, what: string): Promise<void> {
  try {
    await run()
  } catch {
    return
  }
  throw new Error(`${what}: it was expected to fail`)
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part instanceof Uint8Array) return [...part]
    if (typeof part !== 'object' || part === null || Array.isArray(part))
      return part ?? String(part)
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
