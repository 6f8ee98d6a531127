/**
 * Whole numbers in few bytes: seven bits a byte, the lowest first; the top bit says that more follow.
 *
 * @module
 */

/** The bytes of a whole number from 0 to 2^53 - 1. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.of(...bytes, rest)
}

/** The number at `at`, and where the next thing starts; undefined when the bytes end before it does. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
): [value: number, next: number] | undefined {
  let value = 0
  let scale = 1
  for (let next = at; next < bytes.length; next++) {
    const byte = bytes[next] as number
    value += (byte & 127) * scale
    if (byte < 128) return [value, next + 1]
    scale *= 128
  }
  return undefined
}
