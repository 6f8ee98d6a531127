/**
 * Sessions for h3 v2 and for Nitro 3, which is built on it.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'

export type { AdapterOptions } from './lib/options.ts'

/** The subset of an event that we use. */
export interface EventLike {
  readonly req: RequestLike
  readonly res: {
    readonly status?: number | undefined
    readonly headers: Headers
    readonly errHeaders: Headers
  }
  readonly context: object
}

/**
 * Middleware that sets `event.context.session` for one source, or `event.context.sessions` for several, and
 * saves every session of the request when the handler has finished.
 *
 * A failed load or save is thrown to h3's error handling.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): (event: EventLike, next: () => unknown) => Promise<unknown> {
  const requestSessions = new RequestSessions(sources, options)
  return async (event, next) => {
    aliasRequest(event.req, event)
    Object.assign(event.context, { [requestSessions.key]: await requestSessions.open(event.req) })
    const save = (status: number): Promise<void> => saveToEvent(requestSessions, event, status)
    let result: unknown
    try {
      result = await next()
    } catch (error) {
      await save(statusOf(error) ?? 500)
      throw error
    }
    await save(statusOf(result) ?? event.res.status ?? 200)
    return result
  }
}

/**
 * Saves the sessions and sets their headers on both of the event's header lists. h3 sends `errHeaders` with
 * errors and with handlers' responses of status 400 or more, and `headers` with all other responses.
 */
async function saveToEvent(
  requestSessions: Pick<RequestSessions<SessionSources>, 'save'>,
  { req, res }: EventLike,
  status: number,
): Promise<void> {
  const before = [...res.headers]
  try {
    await requestSessions.save(req, res.headers, status)
  } finally {
    for (const [name, value] of res.headers) {
      const isNew = !before.some(([other, old]) => other === name && old === value)
      if (!isNew) continue
      if (name === 'set-cookie') res.errHeaders.append(name, value)
      else res.errHeaders.set(name, value)
    }
  }
}

/** The status of a Response or of an error. */
function statusOf(result: unknown): number | undefined {
  const { status } = (result ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}
