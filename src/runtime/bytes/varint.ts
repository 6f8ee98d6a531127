/**
 * Variable-length integers: seven bits per byte, lowest first. The top bit of a byte is set when more follow.
 *
 * @module
 */

/** The encoding of an integer from 0 to 2^53 - 1. Throws a RangeError for any other number. */
export function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value))
  writeVarint(bytes, 0, value)
  return bytes
}

/**
 * How many bytes {@link writeVarint} writes for an integer from 0 to 2^53 - 1. Throws a RangeError for any other
 * number: Infinity would never end, and NaN would be written as 0.
 */
export function varintLength(value: number): number {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`${value} cannot be stored as a whole number; check the clock`)
  }
  let length = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes an integer from 0 to 2^53 - 1 to `target` at `at`. Returns the index after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let next = at
  let rest = value
  while (rest > 127) {
    target[next++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  target[next++] = rest
  return next
}

/** The index after the varint at `at`, or -1 when the bytes end inside it. */
export function varintEnd(bytes: Uint8Array, at: number): number {
  for (let index = at; index < bytes.length; index++) {
    if ((bytes[index] as number) < 128) return index + 1
  }
  return -1
}

/** The integer in `bytes[start..end)`, which {@link varintEnd} has delimited. */
export function varintBetween(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let index = end - 1; index >= start; index--) {
    value = value * 128 + ((bytes[index] as number) & 127)
  }
  return value
}

/** The integer at `at` and the index after it, or undefined when the bytes end inside it. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
): [value: number, next: number] | undefined {
  const end = varintEnd(bytes, at)
  return end < 0 ? undefined : [varintBetween(bytes, at, end), end]
}
