/**
 * Map entries whose keys are not strings.
 *
 * @module
 */

/**
 * The property of an object that holds, in a Map, the entries of a Go `map[interface{}]interface{}`
 * whose keys are not strings. So 42 and "42" stay two keys.
 */
export const keyed: unique symbol = Symbol('keyed')
