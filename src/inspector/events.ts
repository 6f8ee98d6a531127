/**
 * The events of the inspector: what an operator did with it.
 *
 * @module
 */

import { builtin } from '../runtime/builtin.ts'

/** What an operator did. No event contains a key, a cookie value, an id or session data. */
export interface InspectorEvent {
  readonly type: 'inspector'
  readonly action: /** One session was ended. */
    | 'revoke'
    /** All sessions of an owner were ended except one. */
    | 'revoke-others'
    /** All sessions of an owner were ended. */
    | 'revoke-owner'
    /** All sessions of the store were ended. */
    | 'revoke-everything'
    /** A value of a session was shown. */
    | 'show-value'
    /** A cookie was explained. */
    | 'explain'
  /** The store, as it is called in the options of the inspector. */
  readonly store: string
  /** The owner of the sessions. */
  readonly owner?: string | undefined
  /** The handle of the session. */
  readonly handle?: string | undefined
  /** The keys that lead to the value that was shown, outermost first. */
  readonly path?: readonly string[] | undefined
  /** How many sessions were ended, if that is known. */
  readonly count?: number | undefined
}

interface Channel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

const channel = builtin<{ channel(name: string): Channel }>('node:diagnostics_channel')?.channel(
  'silverback:inspector',
)

/** Publishes the event as `silverback:inspector` on `node:diagnostics_channel`, where the runtime has it. */
export function publish(event: InspectorEvent): void {
  if (!channel?.hasSubscribers) return
  try {
    channel.publish(event)
  } catch {}
}
