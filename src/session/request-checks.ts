/**
 * Finds, in development, sessions that were changed but not saved.
 *
 * @module
 */

import { hasHeaders } from '../http/request.ts'
import { sideTable } from '../lib/side-table.ts'
import { afterwards, givesHints, warnOnce } from '../lib/warnings.ts'
import { builtin } from '../runtime/builtin.ts'
import type { Session } from './session.ts'

/** The sessions of a request, without those that are still being read. */
export interface LoadedSessions {
  loaded(): readonly Session<object>[]
  /** Whether an adapter saves them at the end of the request. */
  readonly hasAdapter: boolean
}

/** What was loaded for a request of Node. A framework's request may have a registry of its own. */
const watched = sideTable<Set<LoadedSessions>>()

/** Sessions whose changes the handler has discarded. */
const discarded = new WeakSet<Session<object>>()

/** Turns the check for unsaved changes off. */
export function ignoreUnsaved(session: Session<object>): void {
  if (givesHints()) discarded.add(session)
}

/** The properties that a session has itself; all others are accessors of its class. */
const ownProperties = ['name', 'store']

/** Warns of a value that was set on the session itself, such as `session.user = 'ann'`. */
export function warnOfStrayProperty(session: Session<object>): void {
  const stray = Object.keys(session).find(key => !ownProperties.includes(key))
  if (stray === undefined) return
  warnOnce(
    'SESSION_STRAY_PROPERTY',
    `session.${stray} was set on the session "${session.name}" itself and is not saved; ` +
      `set session.values.${stray}`,
  )
}

/** How long a handler of a web request may take from the first read of a session to its save: milliseconds. */
const longestHandler = 5000

/**
 * Checks the sessions when the response to the request has been sent. Nothing shows when that is for a web
 * `Request`, so that a time limit has to do.
 */
export function watchRequest(request: object, sessions: LoadedSessions): void {
  subscribe()
  const node = nodeRequestOf(request)
  if (!('socket' in node)) {
    const check = (): void => {
      if (!sessions.hasAdapter) sessions.loaded().forEach(checkSession)
    }
    if (hasHeaders(node)) afterwards(check, longestHandler)
    return
  }
  const known = watched.get(node)
  if (known) known.add(sessions)
  else watched.set(node, new Set([sessions]))
}

/** Checks for sessions that are changed after they were saved. */
export function watchLateChanges(sessions: LoadedSessions): void {
  afterwards(() => sessions.loaded().forEach(checkSession))
}

/** The request of Node that a framework's request wraps: Fastify's `raw`, Koa's `req`. */
function nodeRequestOf(request: object): object {
  const { raw, req } = request as { readonly raw?: unknown; readonly req?: unknown }
  for (const inner of [raw, req]) if (typeof inner === 'object' && inner !== null) return inner
  return request
}

/** The subset of `node:diagnostics_channel` that is used. */
interface Diagnostics {
  subscribe?(name: string, listener: (message: unknown) => void): void
}

interface FinishedResponse {
  readonly request: object
  readonly response: { readonly statusCode: number }
}

let isSubscribed = false

/** The channel finds the response to any request, whether or not an adapter was there. */
function subscribe(): void {
  if (isSubscribed) return
  isSubscribed = true
  const diagnostics = builtin<Diagnostics>('node:diagnostics_channel')
  diagnostics?.subscribe?.('http.server.response.finish', message => {
    const { request, response } = message as FinishedResponse
    const sessions = watched.get(request)
    // An error page need not save anything: the option saveOnError, or the failed save itself.
    if (!sessions || response.statusCode >= 500) return
    const check = (): void => {
      for (const each of sessions) each.loaded().forEach(checkSession)
    }
    check()
    afterwards(check)
  })
}

function checkSession(session: Session<object>): void {
  warnOfStrayProperty(session)
  const { name } = session
  switch (unsavedSince(session)) {
    case 'save':
      warnOnce(
        'SESSION_CHANGED_LATE',
        `the session "${name}" was changed after it was saved with the response, so the change is lost; ` +
          'change it before you respond',
      )
      break
    case 'read':
      warnOnce(
        'SESSION_NOT_SAVED',
        `the session "${name}" was changed but not saved; register the adapter's middleware before the route, ` +
          'or await session.save(request, response) before you respond',
      )
  }
}

/** Nobody could catch an error here. A save throws it too. */
function unsavedSince(session: Session<object>): 'read' | 'save' | undefined {
  try {
    if (discarded.has(session)) return undefined
    return session.store.unsavedSince?.(session)
  } catch {
    return undefined
  }
}
