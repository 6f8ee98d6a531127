/**
 * The ids that the backend contract allows.
 *
 * @module
 */

/** Returns whether a record can have this id. */
export function isRecordId(text: string): boolean {
  return /^[\w-]{1,128}$/.test(text)
}
