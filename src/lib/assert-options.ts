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
 * @param hint - returns what else the message says about an unknown option, in parentheses. Default: the known
 *   option with a similar name
 */
export function assertKnownOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
  hint: (option: string) => string | undefined = () => undefined,
): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner} takes an object of options, not ${describeKind(options)}`)
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    const advice = hint(option) ?? nearest(option, known)
    const inParentheses = advice === undefined ? '' : ` (${advice})`
    throw new TypeError(
      `${owner} has no option ${option}${inParentheses}; it has ${known.join(', ')}`,
    )
  }
}

/** Names the option that was probably meant, for an error message. */
export function nearest(option: string, known: readonly string[]): string | undefined {
  const meant = known.find(each => isSimilar(option.toLowerCase(), each.toLowerCase()))
  return meant && `did you mean ${meant}?`
}

/**
 * Whether the words are equal, apart from one character that differs, is missing, or is swapped with the next, or
 * one is the beginning of the other.
 */
function isSimilar(one: string, other: string): boolean {
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  const [a, b] = [one.slice(start), other.slice(start)]
  const isSwapped = a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2)
  const isOneOff = a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1)
  return isSwapped || isOneOff || (start > 3 && (a === '' || b === ''))
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

/** Throws a TypeError, naming the option, unless `value` is a boolean. */
export function assertBoolean(option: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${option} must be true or false, not ${describeKind(value)}`)
  }
}
