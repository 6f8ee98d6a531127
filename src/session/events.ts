/**
 * The events that stores emit: to hooks, to `node:diagnostics_channel` and to `explain`.
 *
 * No event contains a key, a cookie value, an id or session data.
 *
 * @module
 */

import type { ErrorCode } from '../errors.ts'
import { builtin } from '../runtime/builtin.ts'
import type { Reason } from './session.ts'

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
  onSession?: (event: SessionReadEvent) => void
  onReject?: (event: RejectEvent) => void
  onSave?: (event: SaveEvent) => void
  onRevoke?: (event: RevokeEvent) => void
  onStoreError?: (event: StoreErrorEvent) => void
}

/** The part of `node:diagnostics_channel` that is used. */
interface Channel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

type Listener = (event: SessionEvent) => void

/** The listener for events of this type: `onStoreError` for `store-error`. */
const hookNames = {
  session: 'onSession',
  reject: 'onReject',
  save: 'onSave',
  revoke: 'onRevoke',
  'store-error': 'onStoreError',
} as const satisfies Record<SessionEvent['type'], keyof Hooks>

const channels = openChannels()

/** Calls the hook for the event, and publishes it to subscribers. */
export function emit(hooks: Hooks, event: SessionEvent): void {
  const listener = hooks[hookNames[event.type]] as Listener | undefined
  if (listener) isolate(() => listener(event))
  const channel = channels[event.type]
  if (channel?.hasSubscribers) isolate(() => channel.publish(event))
}

/** A listener that throws or rejects must not break the session that it watches. */
function isolate(listen: () => unknown): void {
  try {
    const later = listen()
    if (later instanceof Promise) later.catch(() => undefined)
  } catch {}
}

/** Channels `silverback:session`, `silverback:save`, …; none where the runtime has no such module. */
function openChannels(): Partial<Record<SessionEvent['type'], Channel>> {
  const module = builtin<{ channel(name: string): Channel }>('node:diagnostics_channel')
  if (!module) return {}
  return Object.fromEntries(
    Object.keys(hookNames).map(type => [type, module.channel(`silverback:${type}`)]),
  )
}
