/**
 * Decides whether a request may go on to its handler, for every adapter.
 *
 * @module
 */

import { RefusedError } from '../../errors.ts'
import type { OriginRequest } from '../../http/origin.ts'
import { assertInteger, assertKnownOptions } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'
import { chain, type MaybePromise } from '../../lib/maybe-promise.ts'
import { registry } from '../../session/registry.ts'
import type { Session } from '../../session/session.ts'
import { loadFrom, type SessionSource } from '../../session/session-source.ts'
import { assertSource } from './request-sessions.ts'

/** Options of `requireLogin` and `requireFreshLogin`. */
export interface LoginOptions {
  /**
   * Where to send visitors who have to sign in, such as `/sign-in`. The status is 303, for which browsers send a
   * GET. Default: a response with status 401.
   */
  redirectTo?: string
}

/** A request that may not go on to its handler. */
export interface Refusal {
  readonly error: RefusedError
  /** Where to redirect, instead of responding with the error. */
  readonly redirectTo?: string | undefined
}

/**
 * Resolves with undefined if the request may go on. Rejects if the store fails.
 *
 * @param body - the body of the request, if the framework has parsed it
 */
export type Guard = (request: OriginRequest, body?: unknown) => MaybePromise<Refusal | undefined>

/**
 * A guard that lets signed-in visitors pass (their session has an owner).
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function loginGuard(source: SessionSource<object>, options: LoginOptions = {}): Guard {
  return sessionGuard('requireLogin', source, options, loginRefusal)
}

/**
 * A guard that lets visitors pass who signed in, or authenticated again, less than `seconds` ago.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function freshLoginGuard(
  source: SessionSource<object>,
  seconds: number,
  options: LoginOptions = {},
): Guard {
  assertInteger('seconds', seconds)
  return sessionGuard('requireFreshLogin', source, options, session =>
    freshLoginRefusal(session, seconds),
  )
}

/** What loginRefusal needs of a session. */
type Login = Pick<Session<object>, 'owner' | 'authenticatedWithin'>

/** The error for a session without an owner. A destroyed session has none. */
export function loginRefusal({ owner }: Login): RefusedError | undefined {
  return owner ? undefined : new RefusedError('login-required', 401, 'sign in to continue')
}

/**
 * The error for a session whose owner did not authenticate within `seconds`. The status is 401, as in RFC 9470 §3:
 * the same request succeeds once the visitor has authenticated again, which a 403 would not convey.
 */
export function freshLoginRefusal(session: Login, seconds: number): RefusedError | undefined {
  const refusal = loginRefusal(session)
  if (refusal || session.authenticatedWithin(seconds)) return refusal
  return new RefusedError('login-too-old', 401, 'sign in again to continue')
}

/** Records that a request is refused, so that its response is kept out of caches. */
export function refuse(request: OriginRequest, refusal: Refusal): Refusal {
  registry(request).isRefused = true
  return refusal
}

function sessionGuard(
  name: string,
  source: SessionSource<object>,
  options: LoginOptions,
  refusalOf: (session: Session<object>) => RefusedError | undefined,
): Guard {
  assertSource(source, `the source of ${name}()`)
  assertKnownOptions(`${name}()`, options, ['redirectTo'])
  const { redirectTo } = options
  if (redirectTo !== undefined) assertLocation('redirectTo', redirectTo)
  return request => {
    const check = (session: Session<object>): Refusal | undefined => {
      const error = refusalOf(session)
      return error && refuse(request, { error, redirectTo })
    }
    return chain(loadFrom(source, request), check)
  }
}

/** Throws unless the value can be sent as a `Location` header: a URI reference (RFC 9110 §10.2.2). */
function assertLocation(option: string, location: string): void {
  if (typeof location !== 'string') {
    throw new TypeError(`${option} must be a path or a URL, not ${describeKind(location)}`)
  }
  if (/^[\x21-\x7e]+$/.test(location)) return
  throw new RangeError(
    `${option} must be a path or a URL without spaces, and in ASCII; encode it with encodeURI`,
  )
}
