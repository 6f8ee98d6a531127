/**
 * The default clock, and constants of time, in seconds.
 *
 * @module
 */

/** The default lifetime of gorilla's cookies, and the default maximum lifetime of our sessions. */
export const thirtyDays: number = 30 * 86_400

/** Longer than any session lives, in seconds. */
export const tenYears: number = 10 * 365 * 86_400

/** How far the clocks of two machines may differ, in seconds. */
export const clockSkew = 60

/** Unix time in whole seconds. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** True if `end` has been reached. Also true if either is NaN: nothing is valid by a clock that has failed. */
export function isPast(end: number, now: number): boolean {
  return !(now < end)
}
