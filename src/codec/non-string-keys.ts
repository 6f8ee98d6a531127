/**
 * Map entries whose keys a JavaScript object cannot have.
 *
 * @module
 */

/**
 * The property that holds entries whose keys are not strings: a `Map` from key to value. It exists only if there
 * are such entries. It keeps 42 and "42" apart, as Go does. The symbol is registered, so that a serializer from
 * another copy of the library finds them.
 */
export const keyed: unique symbol = Symbol.for('silverback.keyed')

/** An object that may have entries whose keys are not strings. */
export interface Keyed {
  [keyed]?: Map<unknown, unknown>
}
