/**
 * The mutable state of one session in one request.
 *
 * @module
 */

import type { Serialized } from '../codec/codec.ts'
import type { Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import type { Flash } from './flash.ts'
import type { FullLifetime } from './lifetime.ts'
import type { SessionMetadata } from './metadata.ts'
import type { Reason, Snapshot } from './snapshot.ts'

/** What a session holds, unless it is typed: `store.get<{ userId?: number }>(request, 'login')`. */
export type Values = Record<string, unknown>

export type { Reason } from './snapshot.ts'

/** What the next save does to the session's id. */
export type Rotation =
  /** A new id for the same session. */
  | 'rotate'
  /** A new id because the owner has authenticated again. */
  | 'elevate'
  /** A new session for an owner who has signed in. */
  | 'login'

/** Changes that commute with those of another request. */
export interface MergeableChanges {
  /** Keys of lists, such as flash messages, that were added to or consumed. */
  readonly lists: ReadonlySet<string>
  /** How much the numbers under these keys were incremented. */
  readonly increments: ReadonlyMap<string, number>
  /** Keys that were removed on reading because they had expired. */
  readonly expired: ReadonlySet<string>
}

/** {@link MergeableChanges} while they are collected. */
export interface Changes extends MergeableChanges {
  readonly lists: Set<string>
  readonly increments: Map<string, number>
  readonly expired: Set<string>
}

/** No changes. */
export const noChanges: MergeableChanges = {
  lists: new Set(),
  increments: new Map(),
  expired: new Set(),
}

/** A key with a lifetime of its own, as it was read. */
export interface KeyStamp {
  /** The serialized value. */
  readonly text: string | undefined
  /** When the key expires: Unix time in seconds. */
  readonly expiry: number | undefined
}

/** Where a session came from. */
export interface Origin {
  readonly request: RequestLike
  /** The value of its cookie: as the request has it, or as a save has set it. undefined if there is none. */
  text: string | undefined
}

/** Everything about a session that a request can change, and what it started from. */
export class State<T extends object = Values> {
  snapshot: Snapshot
  values: T
  /** Copies of the defaults, made when they are first asked for. */
  options: Options | undefined = undefined
  lifetime: FullLifetime | undefined = undefined
  owner: string | undefined
  label: string | undefined
  /** Unix times in seconds. */
  startedAt: number | undefined
  authenticatedAt: number | undefined
  reason: Reason | undefined
  id: string | undefined
  isReadOnly = false
  isDestroyed = false
  rotation: Rotation | undefined = undefined
  changes: Changes | undefined = undefined
  flash: Flash | undefined = undefined
  /** Settles when the current save has succeeded or failed. */
  saving: Promise<void> | undefined = undefined
  /** How the last save went; it counts as failed until it has set its cookies. For warnings in development. */
  lastSave: 'failed' | 'dropped' | 'done' | undefined = undefined
  /** Metadata of the store that the next save writes. */
  storeMetadata: Partial<SessionMetadata> | undefined = undefined
  /** The values as the session's definition left them when it was read or created. */
  initial: Serialized | undefined = undefined
  keyStamps: ReadonlyMap<string, KeyStamp> | undefined = undefined
  /** undefined for a session that was created with `new Session`. */
  origin: Origin | undefined = undefined

  constructor(snapshot: Snapshot, values: T, startedAt?: number) {
    const { metadata } = snapshot
    this.snapshot = snapshot
    this.values = values
    this.owner = metadata.owner
    this.label = metadata.label
    this.startedAt = startedAt
    this.authenticatedAt = metadata.authenticatedAt
    this.reason = snapshot.reason
    this.id = snapshot.id
  }

  /** The changes so far. Created at the first change, because most requests make none. */
  noteChanges(): Changes {
    this.changes ??= { lists: new Set(), increments: new Map(), expired: new Set() }
    return this.changes
  }

  /** Hands the changes so far to a save; those noted from now on belong to the next one. */
  takeChanges(): { readonly changes: MergeableChanges; readonly rotation: Rotation | undefined } {
    const { changes, rotation } = this
    this.changes = undefined
    this.rotation = undefined
    return { changes: changes ?? noChanges, rotation }
  }

  /** Takes back the changes of a save that failed. */
  restoreChanges(changes: MergeableChanges, rotation: Rotation | undefined): void {
    this.rotation ??= rotation
    if (changes === noChanges) return
    const noted = this.noteChanges()
    for (const key of changes.lists) noted.lists.add(key)
    for (const key of changes.expired) noted.expired.add(key)
    for (const [key, by] of changes.increments) {
      noted.increments.set(key, (noted.increments.get(key) ?? 0) + by)
    }
  }
}
