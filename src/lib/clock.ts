/**
 * The clock that everything has unless it is given another, in seconds.
 *
 * @module
 */

/** Gorilla's lifetime of cookies, and the longest that sessions live here unless told otherwise. */
export const thirtyDays: number = 30 * 86_400

/** Clocks of two machines may differ by this, in seconds. */
export const clockSkew = 60

/** Unix time in whole seconds. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
