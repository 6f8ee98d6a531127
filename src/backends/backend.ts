/**
 * The contract of the places that keep records: memory, a directory, a database.
 *
 * A **record** is opaque bytes under an id, with the moment from which it no longer counts and, perhaps,
 * an owner. Who calls makes all of them; a backend keeps them, and nothing else is asked of it.
 *
 * - **Ids and owners** are texts of the characters `A–Z a–z 0–9 - _`, at most 128 long. They are
 *   compared byte by byte: a place that ignores case or accents is told not to.
 * - **Moments** are Unix times in whole seconds. A record whose moment has come does not exist: `load`
 *   answers nothing, `update` answers `gone`, `create` may use its id. That holds whatever the place's
 *   own clean-up does, and by the caller's clock (the option `now` of each backend), not the place's.
 * - **Versions** tell one state of a record from the next. They are whatever the place can compare: a
 *   counter, a token. Callers hand them back and do nothing else with them.
 * - **Every operation is atomic** for its record: two at once happen one after the other. What a place
 *   cannot keep is in its `limitations`.
 * - **Failures reject** with the place's own error. A missing record is an answer, not a failure.
 * - **Signals**: an operation whose `signal` is aborted rejects soon. What it wrote may stand.
 *
 * @module
 */

/** What is to be kept. */
export interface NewRecord {
  /** The bytes. The backend copies what it keeps. */
  readonly data: Uint8Array
  /** From when on it does not exist: Unix time in seconds. */
  readonly expires: number
  /** Whose it is, for the {@link OwnerIndex}. Left out: nobody's. */
  readonly owner?: string | undefined
}

/** A record as it was read. */
export interface StoredRecord extends NewRecord {
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

/** A promise of the contract that a place cannot keep. */
export type Limitation =
  /** Two updates at once may both be applied, the later in place of the earlier. */
  | 'updates-may-be-lost'
  /** A record that was deleted may come back, by an update that was under way. */
  | 'deleted-may-return'
  /** A read may answer what was true some time ago. */
  | 'reads-may-be-stale'

/** A place that keeps records. */
export interface Backend {
  /** The promises that this place cannot keep. Left out: it keeps all. */
  readonly limitations?: readonly Limitation[]

  /** The record, or undefined when there is none. */
  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined>

  /** Keeps a new record. An id that exists is refused with `exists`, and its record stays. */
  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult>

  /**
   * Replaces the record, its owner included, if it still has this version. Another version is a
   * `conflict`, answered with the record as it is; no record is `gone`. It never makes a record: what
   * was deleted stays so.
   */
  update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult>

  /** Moves the moment, leaving data, owner and version. Of a missing record: nothing. */
  touch(id: string, expires: number, options?: OperationOptions): Promise<void>

  /** Removes the record. A missing one is as good. */
  delete(id: string, options?: OperationOptions): Promise<void>
}

/** Offered by a place that finds records by their owner. */
export interface OwnerIndex {
  /** The ids of the owner's records that exist, in any order. */
  ofOwner(owner: string, options?: OperationOptions): Promise<string[]>

  /** Removes the owner's records, but for those in `except`. Answers how many existed. */
  deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number>
}

/** Offered by a place that can be gone through. */
export interface Listable {
  /**
   * The ids of the records that exist, in any order. One that exists from the beginning to the end is
   * among them, and may be so more than once; one that comes or goes meanwhile may be.
   *
   * They are read a page at a time, as the caller takes them, so that a place of any size neither fills
   * the memory nor holds up others. Whoever stops taking them ends it.
   */
  all(options?: OperationOptions): AsyncIterable<string>
}

/** Offered by a place that does not remove expired records by itself. */
export interface Prunable {
  /** Removes expired records, some at a time, without holding up others. Answers how many. */
  prune(options?: OperationOptions): Promise<number>
}

/** Offered by a place that needs tables or the like. */
export interface Preparable {
  /** Makes what is missing. May be called at every start, and by several processes at once. */
  ensureSchema(options?: OperationOptions): Promise<void>
}
