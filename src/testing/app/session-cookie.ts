/**
 * Sessions that a test starts with, as `Cookie` headers.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'
import { assertKnownOptions } from '../../lib/assert-options.ts'
import { Session } from '../../session/session.ts'
import { type SessionOf, type SessionSource, sessionFrom } from '../../session/session-source.ts'
import { secondsOf } from './fake-clock.ts'
import { isDeletion, receivedFrom, requestWith, sentHeader } from './set-cookie.ts'

/** Options of {@link loginAs}. */
export interface LoginAsOptions<S extends Session<object>> {
  /** When the owner authenticated. Default: now in `loginAs`, never in `sessionCookie`. */
  authenticatedAt?: Date
  /** Changes the session before it is saved: `session => session.addFlash('Welcome')`. */
  change?: (session: S) => unknown
}

/** Options of {@link sessionCookie}. */
export interface SessionCookieOptions<S extends Session<object>> extends LoginAsOptions<S> {
  /** Whose session it is. Default: it has no owner, as before a sign-in. */
  owner?: string
}

/** The values of a source's sessions. A schema, or the handler, provides those that are left out. */
export type TestValues<Source> = Partial<SessionOf<Source>['values']>

/**
 * Creates a session with these values in the store of `source`, and returns the `Cookie` header with which a client
 * sends it:
 *
 *     const cookie = await sessionCookie(login, { cart: ['tea'] })
 *     const response = await app.request('/cart', { headers: { cookie } })
 *
 * Returns the empty string if there is nothing to save: an empty session has no cookie. For a store with
 * `transport: 'header'`, returns the value of its header.
 *
 * Rejects with a SessionError `schema-mismatch` if the definition's schema does not accept the values, with a
 * SessionError if the session cannot be saved, and with a TypeError for a wrong option.
 *
 * @param source - a session definition, or `{ store, name }`
 */
export async function sessionCookie<const Source extends SessionSource<object>>(
  source: Source,
  values: TestValues<Source> = {},
  options: SessionCookieOptions<SessionOf<Source>> = {},
): Promise<string> {
  assertKnownOptions('sessionCookie', options, ['owner', 'authenticatedAt', 'change'])
  return makeCookie(source, async session => {
    Object.assign(session.values, values)
    if (options.owner !== undefined) session.owner = options.owner
    await apply(session, options)
  })
}

/**
 * Like {@link sessionCookie}, for a visitor who has signed in: the session has been through `session.login(owner)`.
 *
 *     const cookie = await loginAs(login, 'ann')
 *
 * @param owner - who is signed in, as `session.owner`
 */
export async function loginAs<const Source extends SessionSource<object>>(
  source: Source,
  owner: string,
  values: TestValues<Source> = {},
  options: LoginAsOptions<SessionOf<Source>> = {},
): Promise<string> {
  assertKnownOptions('loginAs', options, ['authenticatedAt', 'change'])
  return makeCookie(source, async session => {
    session.login(owner)
    Object.assign(session.values, values)
    await apply(session, options)
  })
}

async function apply<S extends Session<object>>(
  session: S,
  { authenticatedAt, change }: LoginAsOptions<S>,
): Promise<void> {
  if (authenticatedAt !== undefined) {
    Session.stateOf(session).authenticatedAt = secondsOf('authenticatedAt', authenticatedAt)
  }
  await change?.(session)
}

/** Saves a new session, and returns the header of a client that received its response. */
async function makeCookie<Source extends SessionSource<object>>(
  source: Source,
  prepare: (session: SessionOf<Source>) => Promise<void>,
): Promise<string> {
  const request = { headers: new Headers() }
  const response = new Headers()
  const session = await sessionFrom(source, request)
  await prepare(session)
  await source.store.save(request, response, session)
  const received = receivedFrom(source.store, response)
  const header = sentHeader(received.filter(each => !isDeletion(each)))
  if (header !== '') await assertReadable(source, header)
  return header
}

/** Reads the session as the app will: without this, values that a schema rejects would seem to be lost there. */
async function assertReadable(source: SessionSource<object>, header: string): Promise<void> {
  const { reason, name } = await sessionFrom(source, requestWith(source.store, header))
  if (reason === 'schema') {
    throw new SessionError(
      'schema-mismatch',
      `session "${name}": its schema does not accept the values that the test gives it`,
    )
  }
}
