/**
 * Prints events as lines on stderr, in Node's own way: `NODE_DEBUG=silverback`.
 *
 * @module
 */

import { builtin } from '../runtime/builtin.ts'
import type { SessionEvent, SessionReadEvent } from './events.ts'

/** The subset of `node:util` that is used. It reads lists and wildcards in NODE_DEBUG, and adds the process id. */
interface Util {
  debuglog?(section: string): { (format: string, line: string): void; readonly enabled: boolean }
}

/** Prints an event; undefined if NODE_DEBUG does not ask for it, and where the runtime has no such thing. */
export const logEvent: ((event: SessionEvent) => void) | undefined = openLog()

function openLog(): typeof logEvent {
  const log = builtin<Util>('node:util')?.debuglog?.('silverback')
  return log?.enabled ? event => log('%s', lineOf(event)) : undefined
}

/** One line without a key, a cookie value, an id or session data, which no event has. */
function lineOf(event: SessionEvent): string {
  switch (event.type) {
    case 'session':
      return `read ${subjectOf(event)}: ${event.isNew ? `new, ${event.reason}` : 'found'}${sourceOf(event)}`
    case 'reject':
      return `reject ${subjectOf(event)}: ${[event.reason, ...event.refusals].join(', ')}${sourceOf(event)}`
    case 'save': {
      const { outcome, conflicts, durationMs } = event
      const retries = conflicts > 0 ? `, conflicts: ${conflicts}` : ''
      return `save ${subjectOf(event)}: ${outcome}${retries}, ${inMs(durationMs)}`
    }
    case 'revoke': {
      const count = event.count === undefined ? '' : `, ${event.count} ended`
      return `revoke in ${event.store}: ${event.what}${count}`
    }
    case 'store-error':
      return `store-error in ${event.store}: ${event.operation}: ${oneLine(event.error.message)}`
  }
}

function subjectOf({ name, store }: { readonly name: string; readonly store: string }): string {
  return `"${name}" in ${store}`
}

function sourceOf(event: Omit<SessionReadEvent, 'type'>): string {
  const size = event.cookieBytes === undefined ? '' : `, ${event.cookieBytes} bytes`
  return `${size}${event.fromCache ? ', from the read cache' : ''}, ${inMs(event.durationMs)}`
}

function inMs(duration: number): string {
  return `${duration.toFixed(1)} ms`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
