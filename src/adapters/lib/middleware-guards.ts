/**
 * Guards of the form `(request, response, next)`, which Express and Connect share.
 *
 * @module
 */

import type { SessionSource } from '../../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './csrf-guard.ts'
import {
  freshLoginGuard,
  type Guard,
  type LoginOptions,
  loginGuard,
  type Refusal,
} from './guards.ts'
import type { Middleware } from './middleware.ts'
import { sendRefusal } from './refusal.ts'

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, refused: a `RefusedError` of status 401 goes to the error handlers.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): Middleware {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): Middleware {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * Middleware that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is a `RefusedError` of status 403 and goes to the error handlers. For tokens in forms, use it
 * after the body parser.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): Middleware {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): Middleware {
  return async (request, response, next) => {
    let refusal: Refusal | undefined
    try {
      refusal = await guard(request, (request as { readonly body?: unknown }).body)
    } catch (error) {
      next(error)
      return
    }
    if (refusal?.redirectTo === undefined) next(refusal?.error)
    else sendRefusal(response, refusal)
  }
}
