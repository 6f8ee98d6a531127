/**
 * Where the entries of a map go whose keys a JavaScript object cannot have.
 *
 * @module
 */

/**
 * The property that holds entries with keys other than strings: a `Map` from key to value. It is
 * there only if there are such entries, so that 42 and "42" stay two keys, as in Go.
 */
export const keyed: unique symbol = Symbol('silverback.keyed')

/** An object with entries of other keys. */
export interface Keyed {
  [keyed]?: Map<unknown, unknown>
}
