/**
 * Limits for streams and values.
 *
 * @module
 */

import { describeKind } from '../../lib/describe.ts'

/** Limits for a stream. A stream that exceeds one of them is refused. */
export interface DecodeLimits {
  /**
   * How deep values may nest. Default 500, which fits the stack of every runtime, at most 10,000. Values that do not
   * fit the stack are refused too.
   */
  depth?: number
  /** How many types a stream may define. Default 1000, at most 2^20. */
  definitions?: number
  /** The longest string or byte slice, in bytes. Default 64 MiB, at most 512 MiB. */
  stringBytes?: number
}

/** Default of {@link DecodeLimits.depth}. */
export const defaultDepth = 500

/**
 * Returns the limits with their defaults. Throws a TypeError for a limit that is not a number, and a RangeError for one
 * that is out of range.
 */
export function limitsOf(limits: DecodeLimits): Required<DecodeLimits> {
  return {
    depth: depthOf(limits.depth),
    definitions: limitOf('definitions', limits.definitions, 1000, 2 ** 20),
    stringBytes: limitOf('stringBytes', limits.stringBytes, 2 ** 26, 2 ** 29),
  }
}

/** Returns {@link DecodeLimits.depth}, or its default. Throws as {@link limitsOf} does. */
export function depthOf(depth: number | undefined): number {
  return limitOf('depth', depth, defaultDepth, 10_000)
}

function limitOf(name: string, value: number | undefined, fallback: number, max: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') {
    throw new TypeError(`limits.${name} must be a number, not ${describeKind(value)}`)
  }
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new RangeError(`limits.${name} must be an integer from 1 to ${max}`)
  }
  return value
}

/** Whether a recursion has used up the stack. The engines have different errors for it. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/.test(error.message)
}
