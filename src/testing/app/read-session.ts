/**
 * The session that a response has set.
 *
 * @module
 */

import type { Session } from '../../session/session.ts'
import type { SessionOf, SessionSource } from '../../session/session-source.ts'
import {
  isDeletion,
  receivedFrom,
  requestWith,
  sentHeader,
  type TestResponseLike,
} from './set-cookie.ts'

/** What a response did with a session. */
export type ReadSessionResult<S extends Session<object>> =
  /** It set the session's cookie. */
  | { readonly status: 'set'; readonly session: S }
  /**
   * `deleted`: it deleted the cookie. `not-set`: it did neither, so the client keeps the session it had. `ended`: it
   * set the cookie, but the session has expired or was ended since.
   */
  | { readonly status: 'deleted' | 'not-set' | 'ended'; readonly session: undefined }

/**
 * Reads the session that a response has set:
 *
 *     const { session } = await readSession(login, response)
 *     assert.equal(session?.owner, 'ann')
 *
 * Rejects with an Error if the store cannot read the cookie, for example because the app uses another key, and with
 * a TypeError if `response` is not a response.
 *
 * @param source - a session definition, or `{ store, name }`
 */
export async function readSession<const Source extends SessionSource<object>>(
  source: Source,
  response: TestResponseLike,
): Promise<ReadSessionResult<SessionOf<Source>>> {
  const { store, name } = source
  const received = receivedFrom(store, response)
  const alive = received.filter(each => !isDeletion(each))
  if (!alive.some(each => each.name === name)) {
    const status = received.some(each => each.name === name) ? 'deleted' : 'not-set'
    return { status, session: undefined }
  }
  const request = requestWith(store, sentHeader(alive))
  // From the backend: a cached copy would not show that the session was ended.
  const session = await store.new(request, name, { fresh: true })
  const { reason } = session
  if (reason === 'expired' || reason === 'unknown-id' || reason === 'revoked') {
    return { status: 'ended', session: undefined }
  }
  if (reason !== undefined) {
    throw new Error(
      `the response set the cookie "${name}", but this store cannot read it (${reason}); ` +
        'pass the definition that the app uses',
    )
  }
  return { status: 'set', session: session as Session<object> as SessionOf<Source> }
}
