/**
 * Sessions for h3 v2, and what is built on it: Nitro 3.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'

export type { AdapterOptions } from './lib/options.ts'

/** The part of an event that is used. */
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
 * Middleware that puts the session of the source at `event.context.session`, or those of several at
 * `event.context.sessions`, and saves every session of the request when the handler is done.
 *
 * A session that cannot be loaded or saved is thrown, to h3's error handling.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): (event: EventLike, next: () => unknown) => Promise<unknown> {
  const ours = new RequestSessions(sources, options)
  return async (event, next) => {
    aliasRequest(event.req, event)
    Object.assign(event.context, { [ours.key]: await ours.open(event.req) })
    const save = (status: number): Promise<void> => saveToEvent(ours, event, status)
    let answer: unknown
    try {
      answer = await next()
    } catch (error) {
      await save(statusOf(error) ?? 500)
      throw error
    }
    await save(statusOf(answer) ?? event.res.status ?? 200)
    return answer
  }
}

/**
 * h3 keeps two lists of headers and sends one of them: `errHeaders` with errors and with what handlers
 * answer with a status of 400 or more.
 */
async function saveToEvent(
  ours: Pick<RequestSessions<SessionSources>, 'save'>,
  { req, res }: EventLike,
  status: number,
): Promise<void> {
  const before = [...res.headers]
  try {
    await ours.save(req, res.headers, status)
  } finally {
    for (const [name, value] of res.headers) {
      const isOurs = !before.some(([other, was]) => other === name && was === value)
      if (!isOurs) continue
      if (name === 'set-cookie') res.errHeaders.append(name, value)
      else res.errHeaders.set(name, value)
    }
  }
}

/** The status of a Response, or of an error. */
function statusOf(answer: unknown): number | undefined {
  const { status } = (answer ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}
