/**
 * The events that stores emit: to hooks, to `node:diagnostics_channel` and to `explain`.
 *
 * No event contains a key, a cookie value, an id or session data.
 *
 * @module
 */

import type { ErrorCode } from '../errors.ts'
import type { RequestLike } from '../http/request.ts'
import type { Reason, Session } from './session.ts'

/** A session was read or created. */
export interface SessionReadEvent {
  readonly type: 'session'
  readonly name: string
  /** The class of the store. */
  readonly store: string
  readonly isNew: boolean
  /** Why it is new. */
  readonly reason?: Reason | undefined
  /** The size of the cookie's value in bytes; undefined if there was none. */
  readonly cookieBytes?: number | undefined
  /** Why the codecs refused the cookie, one code each. */
  readonly refusals: readonly ErrorCode[]
  /** Whether it came from a read cache in the browser. */
  readonly fromCache: boolean
  readonly durationMs: number
}

/** A cookie was sent, and no session was accepted from it. */
export interface RejectEvent extends Omit<SessionReadEvent, 'type'> {
  readonly type: 'reject'
  readonly reason: Reason
}

/** What a save did. */
export type SaveOutcome =
  /** There was no reason to write. */
  | 'unchanged'
  /** It was written. */
  | 'saved'
  /** It was written under a new id. */
  | 'rotated'
  /** It was deleted, together with its cookie. */
  | 'destroyed'
  /** It had ended meanwhile, or is read-only: nothing was written, and no cookie set. */
  | 'dropped'

/** A session was saved, or there was no reason to. */
export interface SaveEvent {
  readonly type: 'save'
  readonly name: string
  readonly store: string
  readonly outcome: SaveOutcome
  /** How often it was written again because other requests had saved first. */
  readonly conflicts: number
  readonly durationMs: number
}

/** Sessions were revoked. */
export interface RevokeEvent {
  readonly type: 'revoke'
  readonly store: string
  readonly what: 'session' | 'owner' | 'everything'
  /** How many there were, if that is known. */
  readonly count?: number | undefined
}

/** The backend failed. */
export interface StoreErrorEvent {
  readonly type: 'store-error'
  readonly store: string
  /** The operation that failed. */
  readonly operation: string
  /** The SessionError; its `cause` is the backend's own error. */
  readonly error: Error
}

/** Any event of a store. */
export type SessionEvent =
  | SessionReadEvent
  | RejectEvent
  | SaveEvent
  | RevokeEvent
  | StoreErrorEvent

/** Listeners of a store. What they throw is ignored: observing a session must not break it. */
export interface Hooks {
  /** Called when a session was loaded or created. */
  onSession?: (event: SessionReadEvent) => void
  /** Called when a request had a cookie, but no session could be loaded from it. */
  onReject?: (event: RejectEvent) => void
  /** Called after each save, also if there was nothing to write. */
  onSave?: (event: SaveEvent) => void
  /** Called when sessions were revoked from outside: one session, those of an owner, or all. */
  onRevoke?: (event: RevokeEvent) => void
  /** Called when the backend failed. */
  onStoreError?: (event: StoreErrorEvent) => void
}

/** What caused an event, as far as the store knows it. */
export interface EventSource {
  readonly request?: RequestLike | undefined
  readonly session?: Session<object> | undefined
}

/** Called with each event of a store. What it throws is ignored. */
export type Observer = (event: SessionEvent, source: EventSource) => void
