/**
 * Durations in arguments.
 *
 * @module
 */

import { UsageError } from './exit-codes.ts'
import { printable } from './style.ts'

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Returns the seconds of `30d`, `12h`, `90m`, `45s` or `45`. Throws a UsageError with the option for anything else. */
export function parseDuration(option: string, text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? []
  if (digits === undefined) {
    throw new UsageError(
      `${option} is ${printable(text)}; it must be a number of seconds, or one with a unit: 30d, 12h, 90m, 45s.`,
    )
  }
  return Number(digits) * seconds[(unit || 's') as keyof typeof seconds]
}
