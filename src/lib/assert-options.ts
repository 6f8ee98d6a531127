/**
 * Checks of options. Each error names the option, what was given, and what is expected.
 *
 * @module
 */

import { describeKind } from './describe.ts'

/**
 * Throws a TypeError for an option that does not exist, naming those that do: a misspelt option would
 * be ignored silently in plain JavaScript.
 *
 * @param owner - what takes the options, such as `CookieStore`
 */
export function assertKnownOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner} takes an object of options, not ${describeKind(options)}`)
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    throw new TypeError(`${owner} has no option ${option}; it has ${known.join(', ')}`)
  }
}

/** Throws a RangeError, naming the option, unless `value` is an integer of at least `least`. */
export function assertInteger(option: string, value: number, least = 1): number {
  if (!Number.isSafeInteger(value) || value < least) {
    const given = typeof value === 'number' ? String(value) : describeKind(value)
    throw new RangeError(`${option} must be a whole number of at least ${least}, not ${given}`)
  }
  return value
}

/** Throws a TypeError, naming the option, unless `value` is one of `allowed`. */
export function assertOneOf<Value extends string>(
  option: string,
  value: Value,
  allowed: readonly Value[],
): Value {
  if (!allowed.includes(value)) {
    const list = allowed.map(each => `'${each}'`)
    const expected = [list.slice(0, -1).join(', '), list.at(-1)].filter(Boolean).join(' or ')
    const given = typeof value === 'string' ? JSON.stringify(value) : describeKind(value)
    throw new TypeError(`${option} must be ${expected}, not ${given}`)
  }
  return value
}

/** Throws a TypeError, naming the option, unless `value` is a function. */
export function assertFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw new TypeError(`${option} must be a function, not ${describeKind(value)}`)
  }
}
