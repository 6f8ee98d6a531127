/**
 * The ranges of Go's number types.
 *
 * @module
 */

import type { BasicType } from './types.ts'

const maxFloat32 = (2 - 2 ** -23) * 2 ** 127

/** Whether a value of that integer type can hold the number. A number must be a safe integer. */
export function isInteger(type: BasicType, value: unknown): value is number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) && isInRange(type, value)
  return typeof value === 'bigint' && isInRange(type, value)
}

/** Whether the number lies in the range of the integer type. */
export function isInRange(type: BasicType, value: number | bigint): boolean {
  const { bits } = type
  if (type.kind === 'uint') return value >= 0 && isBelow(value, bits)
  return isBelow(value, bits - 1) && (value >= 0 || isBelow(-1n - BigInt(value), bits - 1))
}

function isBelow(value: number | bigint, bits: number): boolean {
  return bits < 53 ? value < 2 ** bits : value < 1n << BigInt(bits)
}

/** Whether the number can be a value of that float type; Go rounds to it, but does not overflow. */
export function isFloat(type: BasicType, value: number): boolean {
  return type.bits === 64 || !(Math.abs(value) > maxFloat32) || Math.abs(value) === Infinity
}
