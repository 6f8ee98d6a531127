/**
 * The errors of a store.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import { reasonOf, withoutInput } from '../lib/driver-error.ts'
import { isSameLifetime } from '../session/lifetime.ts'
import type { State } from '../session/state.ts'
import type { Capability } from '../session/store.ts'

/** What a persistence has thrown, as an error of this library. Wrong arguments stay what they are. */
export function storeFailure(operation: string, error: unknown): unknown {
  const known = [SessionError, MultiError, TypeError, RangeError]
  if (known.some(kind => error instanceof kind)) return error
  const cause = withoutInput(error)
  return new SessionError('store-failed', `session store: ${operation}: ${reasonOf(cause)}`, {
    cause,
  })
}

/** True for a failure of the backend. */
export function isStoreFailure(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'store-failed'
}

/** The error of a save that would change who a session belongs to, although it could not be read. */
export function unreadable(name: string): SessionError {
  return new SessionError(
    'store-failed',
    `session "${name}" could not be read, so it cannot be signed in, rotated, destroyed or reloaded`,
  )
}

/** The error of a store that cannot lock sessions. */
export function notExclusive(): TypeError {
  return new TypeError(
    'exclusive() needs a ServerStore, over a backend without the limitation updates-may-be-lost: no other store can lock a session',
  )
}

/** Throws `not-kept` for what the store has no room for, because it would be lost silently. */
export function assertStorable(
  name: string,
  state: State<object>,
  capabilities: ReadonlySet<Capability>,
): void {
  const { owner, label, authenticatedAt, lifetime, snapshot } = state
  const hasMetadata = Boolean(owner || label || authenticatedAt !== undefined)
  const hasLifetime = lifetime !== undefined && !isSameLifetime(lifetime, snapshot.lifetime)
  const isKept =
    (!hasMetadata || capabilities.has('metadata')) &&
    (!hasLifetime || capabilities.has('lifetimes'))
  if (isKept) return
  throw new SessionError(
    'not-kept',
    `session "${name}" has an owner, a label or a lifetime of its own, which its store cannot keep; use a store with keys, or a server-side one`,
  )
}
