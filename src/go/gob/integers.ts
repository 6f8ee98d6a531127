/**
 * The ranges of Go's number types.
 *
 * @module
 */

import type { BasicType } from './types.ts'

const maxFloat32 = (2 - 2 ** -23) * 2 ** 127

/** Whether the value is a bigint or safe integer in the range of the integer type. */
export function isInteger(type: BasicType, value: unknown): value is number | bigint {
  if (typeof value === 'number') return Number.isSafeInteger(value) && isInRange(type, value)
  return typeof value === 'bigint' && isInRange(type, value)
}

/** Whether a bigint or safe integer is in the range of the integer type. */
export function isInRange(type: BasicType, value: number | bigint): boolean {
  if (type.kind === 'uint') return value >= 0 && isBelow(value, type.bits)
  return isBelow(value < 0 ? -value : value, type.bits - 1) || value === minimum(type.bits, value)
}

function isBelow(value: number | bigint, bits: number): boolean {
  if (bits < 53) return value < 2 ** bits
  return typeof value === 'number' || value < 1n << BigInt(bits)
}

/** The smallest signed integer of that width: a number if `value` is one, else a bigint. */
function minimum(bits: number, value: number | bigint): number | bigint {
  return typeof value === 'number' ? -(2 ** (bits - 1)) : -1n << BigInt(bits - 1)
}

/** Whether the float type can hold the number. Go rounds to float32, but refuses an overflow. */
export function isFloat(type: BasicType, value: number): boolean {
  return type.bits === 64 || !(Math.abs(value) > maxFloat32) || Math.abs(value) === Infinity
}
