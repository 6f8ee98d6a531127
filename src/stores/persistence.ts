/**
 * The contract of a persistence: what differs between stores.
 *
 * A `SessionStore` does everything else: it finds the cookie, decides whether a save has to write, sets the
 * response headers, emits events. A persistence reads, writes and erases the session that a cookie value
 * identifies or contains. A method may return its result directly if it does not have to wait for anything.
 *
 * @module
 */

import {
  type Codec,
  type EncodeContext,
  encodeMulti,
  type Renewal,
  type Serialized,
} from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import type { ErrorCode } from '../errors.ts'
import type { Cookie } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { SaveOutcome } from '../session/events.ts'
import type { SessionMetadata } from '../session/metadata.ts'
import type { Defaults, Snapshot } from '../session/snapshot.ts'
import type { MergeableChanges, Reason, Rotation, Values } from '../session/state.ts'
import type { Capability } from '../session/store.ts'

/** Reads, writes and erases sessions. */
export interface Persistence {
  /** What it can do. `metadata` means that it stores {@link Draft.metadata}; `lifetimes`, its lifetimes. */
  readonly capabilities: ReadonlySet<Capability>

  /**
   * What serializes {@link Draft.values}, so that the store can distinguish a changed session from an unchanged one
   * without serializing twice. Without it, every session that was read is written by each save.
   */
  readonly serializer?: Serializer | undefined

  /**
   * Reads the session that a cookie value identifies or contains. Returns a {@link Rejected} for any invalid value;
   * only a failure of the backend throws or rejects, with a SessionError `store-failed`.
   *
   * @param name - the name of the session and of its cookie
   * @param text - the value of its cookie
   */
  read(name: string, text: string, context: ReadContext): MaybePromise<Loaded | Rejected>

  /**
   * Stores the draft, and returns the value for its cookie. Returns undefined if the session was ended in the
   * meantime: it must not come back.
   *
   * @param base - what was read, or what this request wrote last
   */
  write(draft: Draft, base: Snapshot): MaybePromise<Written | undefined>

  /**
   * Reads the session again, in the same request. Default: {@link read} with the value of its cookie. Implement it
   * if other requests can set another cookie for the session in the meantime.
   *
   * @param base - what was read, or what this request wrote last
   */
  reload?(base: Snapshot, context: ReadContext): MaybePromise<Loaded | Rejected>

  /** Deletes the stored session. No-op if it is missing. */
  erase(base: Snapshot): MaybePromise<void>

  /** Codecs whose age limits follow the store's `maxAge()`. */
  readonly codecs?: readonly { maxAge?: number; maxLifetime?: number }[]

  /** True if all sessions were ended at some time: then cookies of other libraries are not accepted. */
  hasEndedEverything?(): MaybePromise<boolean>

  /**
   * Whether {@link write} has room for the draft. Default: it has. A session of another library for which there is
   * none is not accepted, because no response to its visitor could be sent.
   */
  hasRoomFor?(draft: Draft): boolean

  /** Removes the flash messages under `key` from what is stored. undefined if nothing is stored. */
  takeFlashes?(key: string, draft: Draft, base: Snapshot): Promise<Taken | undefined>

  /** Metadata that it records when an owner signs in or authenticates again. */
  signInMetadata?(request: RequestLike): Partial<SessionMetadata>

  /**
   * Waits until no other request has locked the session, and locks it. Resolves to undefined if that takes too long.
   * The capability `exclusive` means that it is there, and `unlock` too.
   */
  lock?(draft: Draft, base: Snapshot, options: LockOptions): Promise<Locked | Rejected | undefined>

  /** Unlocks the session if it is still locked by this token. */
  unlock?(draft: Draft, base: Snapshot, token: string): Promise<void>

  /** Cookies besides the session's own. */
  extraCookies?(
    saved: { readonly name: string; readonly options: Options; readonly base: Snapshot },
    request: RequestLike,
    outcome: SaveOutcome,
  ): readonly Cookie[]
}

/** The circumstances of a read. */
export interface ReadContext {
  readonly request: RequestLike
  /** Whether to ask the backend even if a read cache could answer. */
  readonly fresh: boolean
  /** Aborts the read. Pass it to the backend. */
  readonly signal?: AbortSignal | undefined
  readonly defaults: Defaults
}

/** Why there is no session for this cookie. */
export interface Rejected {
  readonly reason: Reason
  /** Why the codecs refused it, one code each. */
  readonly refusals?: readonly ErrorCode[]
  /** An id that no longer opens a session: signing out {@link Persistence.erase erases} what it leads to. */
  readonly id?: string
  /**
   * Whether the session keeps that id, so that saving it replaces what is stored under it. For a session that exists
   * but could not be read. Default false: a save gives it a new id.
   */
  readonly keepsId?: boolean
}

/** A session that was read. */
export interface Loaded {
  /** The deserialized values. Anything but a plain object makes the session `malformed`. */
  readonly values: unknown
  /** The values once more, as a tree that nobody changes: see `Opened.original`. */
  readonly original?: unknown
  /** The serialized values, and what serialized them, to find out what changed. */
  readonly payload?: Uint8Array | undefined
  readonly serializer?: Serializer | undefined
  /** The id under which it is stored, for `session.id`. */
  readonly id?: string | undefined
  readonly metadata?: SessionMetadata | undefined
  /** When the session began: Unix time in seconds. The store enforces its absolute lifetime. */
  readonly startedAt?: number | undefined
  /** When its idle time was last renewed: Unix time in seconds. The store decides when to renew it. */
  readonly issuedAt?: number | undefined
  /** The idle time in seconds, if the session set one with its own Max-Age. */
  readonly maxAge?: number | undefined
  /** Why it should be written even if nothing changes. */
  readonly renewal?: Renewal | undefined
  /** Whether its id has been replaced, so that changes are not saved. Default false. */
  readonly isReadOnly?: boolean | undefined
  /** Whether it came from a read cache in the browser. Default false. */
  readonly isCopy?: boolean | undefined
  /** The persistence's own: it comes back as `base.kept`. */
  readonly kept?: unknown
}

/** A session to be written. */
export interface Draft {
  readonly name: string
  /** The id of the session so far; undefined for a new one, and in stores without ids. */
  readonly id: string | undefined
  readonly values: Values
  /** The same, serialized by {@link Persistence.serializer}; undefined without one, or if that failed. */
  readonly serialized: Serialized | undefined
  readonly metadata: SessionMetadata
  /** When the session began: Unix time in seconds. undefined: now. */
  readonly startedAt: number | undefined
  /** Its idle time in seconds if its cookie has a Max-Age; otherwise `idle` is its idle time. */
  readonly maxAge: number | undefined
  readonly idle: number
  /** What to do with the id: undefined keeps it, everything else needs a new one. */
  readonly rotation: Rotation | undefined
  /** Changes that can be merged with those of other requests. */
  readonly changes: MergeableChanges
  /** True if nothing changed and only the expiry has to be extended. */
  readonly isUnchanged: boolean
  /** Why it is written although nothing changed. */
  readonly renewal: Renewal | undefined
  readonly defaults: Defaults
}

/** A session that was written. */
export interface Written {
  /** The value for the cookie; undefined if another request has set the session's cookie. */
  readonly text: string | undefined
  /** The id that the session has now. Leave it out if it has not changed. */
  readonly id?: string | undefined
  /** What was written, where it differs from the draft. */
  readonly metadata?: SessionMetadata | undefined
  readonly payload?: Uint8Array | undefined
  /** What the session has become by merging the changes of other requests. */
  readonly merged?: Merged | undefined
  /** How often it was written again because other requests had saved first. Default 0. */
  readonly conflicts?: number | undefined
  /** The persistence's own: it comes back as `base.kept`. */
  readonly kept?: unknown
}

/** A session after the changes of other requests were merged into it. */
export interface Merged {
  readonly values: Values
  readonly metadata: SessionMetadata
  readonly maxAge: number | undefined
}

/** How a session is locked. */
export interface LockOptions {
  readonly token: string
  /** How long to wait, and how long the lock lasts at most, in seconds. */
  readonly wait: number
  readonly hold: number
}

/** A session that was locked. */
export interface Locked {
  /** The session as it is stored. */
  readonly loaded: Loaded
  /** Its values, with the changes of the draft. */
  readonly values: Values
}

/** Flash messages that were removed from what is stored. */
export interface Taken {
  readonly messages: unknown[]
  /** The values without them, merged with what other requests have saved. */
  readonly values: Values
  readonly payload: Uint8Array | undefined
  readonly metadata: SessionMetadata
  readonly kept: unknown
}

/** Throws a TypeError for anything but a persistence. */
export function assertPersistence(value: unknown): void {
  const { read, write, erase, capabilities } = (value ?? {}) as Partial<Persistence>
  const isPersistence =
    [read, write, erase].every(method => typeof method === 'function') &&
    capabilities instanceof Set
  if (isPersistence) return
  throw new TypeError(
    'SessionStore takes a persistence first: an object with capabilities (a Set), read, write and erase',
  )
}

/** What a codec stores with the values of a draft. */
export function encodeContextOf(draft: Draft, metadata: Uint8Array | undefined): EncodeContext {
  const { startedAt, maxAge, idle, serialized } = draft
  return { startedAt, maxAge, idle, serialized, metadata }
}

/**
 * Encodes the id of a session for its cookie. Codecs that have room for it, such as `Sealed`, store the
 * lifetime of the session with it.
 */
export function encodeId(draft: Draft, id: string, codecs: readonly Codec[]): string {
  const { name, startedAt, maxAge, idle } = draft
  return encodeMulti(name, id, codecs, { startedAt, maxAge, idle })
}
