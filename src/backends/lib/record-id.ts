/**
 * The ids that the contract allows.
 *
 * @module
 */

/** Whether a record can have this id. */
export function isRecordId(text: string): boolean {
  return /^[\w-]{1,128}$/.test(text)
}
