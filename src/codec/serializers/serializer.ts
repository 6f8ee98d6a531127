/**
 * Serializers convert values to bytes and back.
 *
 * @module
 */

/** Converts between values and bytes. Only authentic bytes are deserialized. */
export interface Serializer {
  /** Returns the bytes of `value`. Throws, naming the key, for values that it does not support. */
  serialize(value: unknown): Uint8Array
  /** Returns the value in `bytes`. Throws when they are not in this format. */
  deserialize(bytes: Uint8Array): unknown
  /**
   * True when the same value always has the same bytes, so that comparing bytes detects changes. Go's gob is not
   * canonical: it writes maps in a different order each time.
   */
  readonly isCanonical?: boolean
}
