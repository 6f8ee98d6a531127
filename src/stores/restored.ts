/**
 * The snapshot of a session that was read.
 *
 * @module
 */

import type { Options } from '../http/cookie-options.ts'
import { isPast } from '../lib/clock.ts'
import { type FullLifetime, isRenewalDue, ownLifetime } from '../session/lifetime.ts'
import type { SessionMetadata } from '../session/metadata.ts'
import { type Defaults, noCookies, noRefusals, type Snapshot } from '../session/snapshot.ts'
import type { Loaded } from './persistence.ts'

/** The snapshot of what was read; undefined if the session is older than its absolute lifetime. */
export function snapshotOf(loaded: Loaded, defaults: Defaults): Snapshot | undefined {
  const { metadata = {}, startedAt, maxAge } = loaded
  const lifetime = ownLifetime(metadata, defaults.lifetime)
  if (startedAt !== undefined && isPast(startedAt + lifetime.absolute, defaults.now()))
    return undefined
  return {
    reason: undefined,
    refusals: noRefusals,
    defaults,
    options: restoredOptions(defaults.options, metadata, maxAge),
    lifetime,
    metadata,
    maxAge,
    expiresAt: expiryOf(loaded, lifetime),
    original: loaded.original,
    payload: loaded.payload,
    serializer: loaded.serializer,
    renewal: renewalOf(loaded, lifetime, defaults.now),
    isCopy: loaded.isCopy ?? false,
    id: loaded.id,
    kept: loaded.kept,
    progress: 'read',
    cookies: noCookies,
  }
}

/** When the session expires unless it is used: at the end of its idle time or of its absolute lifetime. */
function expiryOf(
  { startedAt, issuedAt, maxAge }: Loaded,
  { idle, absolute }: Readonly<FullLifetime>,
): number | undefined {
  if (startedAt === undefined) return undefined
  const end = startedAt + absolute
  return issuedAt === undefined ? end : Math.min(issuedAt + (maxAge ?? idle), end)
}

/** "Remember me" is stored with the session, so that renewing it keeps its cookie's lifetime. */
function restoredOptions(
  defaults: Readonly<Options>,
  { untilClosed }: SessionMetadata,
  given: number | undefined,
): Readonly<Options> {
  const maxAge: Options['maxAge'] = untilClosed ? 'session' : given
  return maxAge === undefined || maxAge === defaults.maxAge ? defaults : { ...defaults, maxAge }
}

/** Why the session should be written even if nothing changes. */
function renewalOf(
  { renewal, issuedAt, startedAt, maxAge }: Loaded,
  lifetime: Readonly<FullLifetime>,
  now: () => number,
): Snapshot['renewal'] {
  if (renewal !== undefined && renewal !== 'age') return renewal
  if (issuedAt === undefined || startedAt === undefined) return renewal
  return isRenewalDue(now() - issuedAt, maxAge, lifetime) ? 'age' : undefined
}
