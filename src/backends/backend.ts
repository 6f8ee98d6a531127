/**
 * The backend contract: how a `ServerStore` keeps records in memory, in files or in a database.
 *
 * A **record** is opaque bytes under an id, with an expiry and, optionally, an owner. The store chooses all
 * of these. A backend returns them as they were written and never looks into the bytes.
 *
 * The rules that hold for every operation:
 *
 * - **Ids and owners** are strings of 1 to 128 characters from `A–Z a–z 0–9 - _`. They are compared byte by
 *   byte, so a database column needs a collation that distinguishes case and accents.
 * - **Expiry** is Unix time in whole seconds. A record exists while `expires` is greater than the current
 *   time. Every operation treats an expired record exactly like a missing one, whether or not its storage
 *   has been reclaimed. The current time comes from the `now` option of the backend, never from the clock
 *   of a database server.
 * - **Versions** identify one state of a record. `create` and `update` give the record a version that no
 *   record with this id has ever had; `touch` keeps the version. A version is any string or number that
 *   the backend can compare. Callers only pass it back to `update`.
 * - **Atomicity**: concurrent operations on one record take effect one after the other, also when they
 *   come from different processes. An acknowledged write is visible to every later read. A backend that
 *   cannot guarantee this lists the exceptions in `limitations`, and a store refuses to use it until it
 *   is configured to accept them.
 * - **Missing records and conflicts are results**, not failures. Each method documents its results.
 * - **Failures reject** with the error of the driver. A backend must never report a failure as a missing
 *   record: the store would end the session of a signed-in visitor. After a rejected write the caller does
 *   not know whether the write was applied. If the client library resends a write whose response was lost,
 *   the backend must recognise its own version and report success rather than a conflict.
 * - **Signals**: an operation rejects soon after its `signal` is aborted, or completes. A write that was
 *   aborted may still be applied.
 * - **Buffers are not shared**. A backend copies the `data` that it keeps, and each `load` returns bytes
 *   that belong to the caller.
 *
 * CONTRIBUTING.md has a complete backend in forty lines. `backendSuite` and `raceSuite` of
 * `silverback/testing` test an implementation against this contract.
 *
 * @module
 */

/** A record to write. */
export interface NewRecord {
  /** The content. The caller may change the array once the operation has settled. */
  readonly data: Uint8Array
  /** The expiry, in Unix time in seconds: the first second in which the record does not exist. */
  readonly expires: number
  /** Whom the record belongs to, for {@link OwnerIndex}. Left out if it has no owner. */
  readonly owner?: string | undefined
}

/** A record as it was read. */
export interface StoredRecord extends NewRecord {
  /** The version of the record at the time of the read. */
  readonly version: Version
}

/** Identifies one state of a record. Only the backend that issued it can interpret it. */
export type Version = string | number

/** Options that every operation takes. */
export interface OperationOptions {
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined
}

/** The result of `create`. */
export type CreateResult = { status: 'created'; version: Version } | { status: 'exists' }

/** The result of `update`. */
export type UpdateResult =
  | { status: 'updated'; version: Version }
  | { status: 'conflict'; current: StoredRecord }
  | { status: 'gone' }

/** A guarantee of the contract that a backend cannot give. */
export type Limitation =
  /** Of two concurrent updates both may report success, and the later write overwrites the earlier. */
  | 'updates-may-be-lost'
  /** A concurrent update or touch may recreate a record that was deleted. */
  | 'deleted-may-return'
  /** A read may return an older state of a record, or one that was deleted. */
  | 'reads-may-be-stale'
  /** A record may be removed before it expires, to make room for others. */
  | 'records-may-be-evicted'

/** Stores records by id. */
export interface Backend {
  /** The guarantees that this backend cannot give. Left out if it gives all of them. */
  readonly limitations?: readonly Limitation[]

  /**
   * Reads a record. Resolves with undefined if it is missing or has expired. Rejects if the backend
   * cannot determine that.
   */
  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined>

  /**
   * Adds a record under a new id.
   *
   * - `created`: no record existed under the id, or it had expired and was replaced.
   * - `exists`: a record exists under the id. It is unchanged.
   */
  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult>

  /**
   * Replaces a record, including its expiry and owner, if it still has the given version
   * (compare-and-swap). It never adds a record, so a deleted record stays deleted.
   *
   * - `updated`: the record had this version and has been replaced.
   * - `conflict`: the record exists with another version and is unchanged. `current` is that record.
   * - `gone`: the record is missing or has expired. Nothing was written.
   */
  update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult>

  /**
   * Sets the expiry of a record and changes nothing else. Data, owner and version stay, so a concurrent
   * `update` does not conflict with it. No-op if the record is missing or has expired.
   */
  touch(id: string, expires: number, options?: OperationOptions): Promise<void>

  /** Deletes a record. No-op if it is missing. */
  delete(id: string, options?: OperationOptions): Promise<void>
}

/** Implemented by backends that can find records by owner. */
export interface OwnerIndex {
  /** Returns the ids of all existing records of the owner, in any order. */
  ofOwner(owner: string, options?: OperationOptions): Promise<string[]>

  /**
   * Deletes all records of the owner except those whose ids are in `except`. Returns how many existing
   * records it deleted.
   */
  deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number>
}

/** Implemented by backends that can list their records. */
export interface Listable {
  /**
   * Yields the ids of all existing records, in any order. A record that exists throughout the iteration is
   * yielded at least once, possibly more often. A record created, deleted or expiring meanwhile may or may
   * not be yielded.
   *
   * Reads one page at a time as the caller iterates, so that a large backend neither fills memory nor
   * blocks other operations. Breaking out of the loop ends the iteration.
   */
  all(options?: OperationOptions): AsyncIterable<string>

  /**
   * Returns some of the ids that `all` yields, and where to continue, perhaps in another process. A page may be
   * empty although others follow. Following `next` from the first page to the last finds what `all` finds.
   *
   * Rejects with a RangeError for a cursor that no page of this backend has. Left out if listings cannot be
   * continued.
   */
  page?(options?: PageOptions): Promise<Page>
}

/** Options of `page`. */
export interface PageOptions extends OperationOptions {
  /** The `next` of the page before. Default: the first page. */
  readonly cursor?: string | undefined
  /** How many ids to return. Redis may return a few more. Default 1000. */
  readonly limit?: number | undefined
}

/** A page of ids. */
export interface Page {
  readonly ids: readonly string[]
  /** The cursor of the next page; undefined after the last one. */
  readonly next: string | undefined
}

/** Implemented by backends that do not remove expired records on their own. */
export interface Prunable {
  /** Removes expired records in batches, without blocking other operations. Returns how many. */
  prune(options?: OperationOptions): Promise<number>
}

/** Implemented by backends that need a schema. */
export interface Preparable {
  /** Creates missing tables and indexes. May run at every start, and in several processes at once. */
  ensureSchema(options?: OperationOptions): Promise<void>
}
