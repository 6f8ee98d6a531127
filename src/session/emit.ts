/**
 * Emits events: to hooks, to `node:diagnostics_channel`, and for NODE_DEBUG.
 *
 * @module
 */

import { builtin } from '../runtime/builtin.ts'
import { logEvent } from './event-log.ts'
import type { EventSource, Hooks, Observer, SessionEvent } from './events.ts'

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

/** Calls the hook for the event, publishes it to subscribers, and prints it for NODE_DEBUG. */
export function emit(hooks: Hooks, event: SessionEvent): void {
  logEvent?.(event)
  const listener = hooks[hookNames[event.type]] as Listener | undefined
  if (listener) isolate(() => listener(event))
  const channel = channels[event.type]
  if (channel?.hasSubscribers) isolate(() => channel.publish(event))
}

/** Functions that are called with the events of a store, and with what caused them. */
export class Observers {
  readonly #observers = new Set<Observer>()

  /** Returns a function that removes the observer. */
  add(observer: Observer): () => void {
    // A function that is added twice is called twice, and removed separately.
    const own: Observer = (event, source) => observer(event, source)
    this.#observers.add(own)
    return () => {
      this.#observers.delete(own)
    }
  }

  notify(event: SessionEvent, source: EventSource): void {
    for (const observer of this.#observers) isolate(() => observer(event, source))
  }
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
