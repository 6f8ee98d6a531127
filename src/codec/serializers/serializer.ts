/**
 * What turns a value into bytes and back.
 *
 * @module
 */

/** Between a value and bytes. Deserializing happens only after the bytes proved authentic. */
export interface Serializer {
  /** The bytes of `value`. Throws, naming the key, when it cannot be carried. */
  serialize(value: unknown): Uint8Array
  /** The value in `bytes`. Throws when they are not of this form. */
  deserialize(bytes: Uint8Array): unknown
  /**
   * True when the same value makes the same bytes, whoever writes them, so that comparing bytes tells
   * whether a session changed. Go's gob is not so: it writes maps in another order each time.
   */
  readonly isCanonical?: boolean
}
