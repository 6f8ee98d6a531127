/**
 * The clock that everything has unless it is given another.
 *
 * @module
 */

/** Unix time in whole seconds. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
