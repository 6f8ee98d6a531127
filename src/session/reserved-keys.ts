/**
 * The keys of `values` that the library itself uses. They begin with `_`; schemas do not see them.
 *
 * @module
 */

/** Flash messages: the key that gorilla/sessions uses. */
export const flashKey = '_flash'

/** The fields of a form that was sent, and their errors: names and values in turn. */
export const inputKey = '_input'
export const errorsKey = '_errors'

/** The secret of the session's CSRF tokens, dropped when the session gets a new id. */
export const csrfKey = '_csrf'

/** When keys with lifetimes of their own expire: an object from key to Unix time in seconds. */
export const expiresKey = '_expires'

/** True for a key that applications should not use. */
export function isReserved(key: string): boolean {
  return key.startsWith('_')
}
