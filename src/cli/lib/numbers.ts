/**
 * Numbers in arguments, and for people.
 *
 * @module
 */

import { UsageError } from './exit-codes.ts'
import { printable } from './style.ts'

/** Parses the value of an option. Throws a UsageError for anything but an integer of at least `least`. */
export function positiveInteger(option: string, value: string, least = 1): number {
  const number = Number(value)
  if (/^\d{1,15}$/.test(value) && number >= least) return number
  throw new UsageError(
    `--${option} must be an integer of at least ${least}, not ${printable(value)}`,
  )
}

/** A number of things: `1 session`, `2,000 sessions`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`
}
