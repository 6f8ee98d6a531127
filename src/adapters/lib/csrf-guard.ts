/**
 * Refuses cross-site requests, for every adapter.
 *
 * @module
 */

import { RefusedError } from '../../errors.ts'
import {
  assertSameOriginOptions,
  isSafeMethod,
  isSameOrigin,
  type SameOriginOptions,
} from '../../http/same-origin.ts'
import { assertKnownOptions } from '../../lib/assert-options.ts'
import { chain } from '../../lib/maybe-promise.ts'
import { verifyRequest } from '../../session/csrf.ts'
import type { Session } from '../../session/session.ts'
import { loadFrom, type SessionSource } from '../../session/session-source.ts'
import { type Guard, type Refusal, refuse } from './guards.ts'
import { assertSource } from './request-sessions.ts'

/** Options of `csrfProtection`. */
export interface CsrfProtectionOptions extends SameOriginOptions {
  /**
   * The session whose tokens requests must carry as well: `csrf(session).token()`, in the header `x-csrf-token` or,
   * if the framework has parsed the body before, in the form field `_csrf`. Default: none; the origin suffices in
   * browsers since 2020, and other clients are refused.
   */
  tokens?: SessionSource<object>
}

/**
 * A guard that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. Requests with a safe method pass.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfGuard(options: CsrfProtectionOptions = {}): Guard {
  assertKnownOptions('csrfProtection()', options, ['allow', 'unknown', 'trustProxy', 'tokens'])
  const { tokens, ...sameOrigin } = options
  assertSameOriginOptions(sameOrigin)
  if (tokens !== undefined) assertSource(tokens, 'tokens')
  return (request, body) => {
    if (!isSameOrigin(request, sameOrigin)) {
      return refuse(request, { error: crossOrigin() })
    }
    if (tokens === undefined || isSafeMethod(request.method)) return undefined
    const check = (session: Session<object>): Refusal | undefined => {
      const isValid = verifyRequest(request, session, { value: tokenIn(body) })
      return isValid ? undefined : refuse(request, { error: invalidToken() })
    }
    return chain(loadFrom(tokens, request), check)
  }
}

function tokenIn(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return undefined
  return Object.hasOwn(body, '_csrf') ? (body as { _csrf: unknown })._csrf : undefined
}

function crossOrigin(): RefusedError {
  return new RefusedError(
    'cross-origin',
    403,
    'the request was sent by a page of another origin, or hides its origin',
  )
}

function invalidToken(): RefusedError {
  return new RefusedError('csrf-token-invalid', 403, 'the CSRF token is missing or invalid')
}
