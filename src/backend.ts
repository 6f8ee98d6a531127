/**
 * The contract of the places that keep records: memory, a directory, a database.
 *
 * A **record** is opaque bytes under an id, with the moment from which it no longer counts. Who calls
 * makes the ids (unguessable, and hashed before they come here), the bytes and the moments; a backend
 * keeps them, and nothing else is asked of it.
 *
 * - **Ids** are texts of the characters `A–Z a–z 0–9 - _`, at most 128 long. They are compared byte
 *   by byte: a place that ignores case or accents is told not to.
 * - **Moments** are Unix times in whole seconds. A record whose moment has come does not exist: `load`
 *   answers nothing, `update` answers `gone`, `create` may use its id. That holds whatever the place's
 *   own clean-up does, and by the caller's clock (`now`), not the place's.
 * - **Versions** tell one state of a record from the next. They are whatever the place can compare: a
 *   counter, a token, a hash of the bytes. Callers hand them back and do nothing else with them.
 * - **Every operation is atomic** for its record: two at once happen one after the other. Those that
 *   cannot be, in some place, are listed in that backend's `capabilities`.
 * - **Failures reject** with the place's own error. A missing record is an answer, not a failure.
 * - **Signals**: an operation whose `signal` is aborted rejects soon. What it wrote may stand.
 *
 * @module
 */

/** A record as it was read. */
export interface StoredRecord {
  /** The bytes, exactly as written. The caller may keep and change them. */
  readonly data: Uint8Array
  /** From when on it does not exist: Unix time in seconds. */
  readonly expires: number
  /** The state it is in. */
  readonly version: Version
}

/** What a place compares to tell one state of a record from another. */
export type Version = string | number

/** What every operation takes besides its arguments. */
export interface OperationOptions {
  /** Ends the operation early. */
  readonly signal?: AbortSignal | undefined
}

/** The outcome of `create`. */
export type CreateResult = { status: 'created'; version: Version } | { status: 'exists' }

/** The outcome of `update`. */
export type UpdateResult =
  | { status: 'updated'; version: Version }
  | { status: 'conflict'; current: StoredRecord }
  | { status: 'gone' }

/** A place that keeps records. */
export interface Backend {
  /** The record, or undefined when there is none. */
  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined>

  /** Keeps a new record. An id that exists is refused with `exists`, and its record stays. */
  create(
    id: string,
    data: Uint8Array,
    expires: number,
    options?: OperationOptions,
  ): Promise<CreateResult>

  /**
   * Replaces the record if it still has this version. Another version is a `conflict`, answered with
   * the record as it is; no record is `gone`. It never makes a record: what was deleted stays so.
   */
  update(
    id: string,
    data: Uint8Array,
    expires: number,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult>

  /** Moves the moment, leaving data and version. Of a missing record: nothing. */
  touch(id: string, expires: number, options?: OperationOptions): Promise<void>

  /** Removes the record. A missing one is as good. */
  delete(id: string, options?: OperationOptions): Promise<void>
}
