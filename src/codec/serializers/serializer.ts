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
  /**
   * Whether these bytes become nothing but plain objects, arrays and primitives, so that the value can be copied and
   * compared without the serializer. Default false.
   */
  isTree?(bytes: Uint8Array): boolean
  /**
   * Whether a deserialized object can be the values of a session. Default: every plain object can. Go, for example,
   * reads only one of its map types as a session.
   */
  isSession?(value: object): boolean
  /**
   * Called when `target` has got the value under `key` from `source`; both were deserialized. A serializer that
   * remembers the type of an entry, as Go's gob does, copies it.
   */
  copyType?(target: object, source: object, key: string): void
}
