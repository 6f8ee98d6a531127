/**
 * What is known of a session as it was last read or written.
 *
 * @module
 */

import type { Renewal } from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import type { ErrorCode } from '../errors.ts'
import type { Cookie } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { defaultLifetime, type FullLifetime } from './lifetime.ts'
import type { SessionMetadata } from './metadata.ts'

/** Why a session is new although the visitor may have had one. */
export type Reason =
  /** The request has no cookie of this name. */
  | 'no-cookie'
  /** The cookie is not in the form that this store writes. */
  | 'malformed'
  /** The cookie is longer than the store reads. */
  | 'too-large'
  /** The cookie was made with a key that the store does not have, or no longer has. */
  | 'unknown-key'
  /** No key of the store signed this cookie under this name. */
  | 'bad-mac'
  /** The session is older than allowed. */
  | 'expired'
  /** The session comes from the future: the clocks of two machines differ. */
  | 'too-new'
  /** Nothing is stored under the id in the cookie. */
  | 'unknown-id'
  /** The session was ended: by its owner, elsewhere, or together with all others. */
  | 'revoked'
  /** The stored values do not match the schema of the session's definition. */
  | 'schema'
  /** The backend failed, and `onStoreFailure` is `'anonymous'`. */
  | 'store-failed'

/** What every new session of a name starts with. */
export interface Defaults {
  readonly options: Readonly<Options>
  readonly lifetime: Readonly<FullLifetime>
  /** Version of the definition's schema. */
  readonly version: number
  /** The clock: Unix time in seconds. */
  readonly now: () => number
}

/** How far the session has come in this request. */
export type Progress =
  /** It was read, or is new. */
  | 'read'
  /** It was made by hand: it is saved whatever it holds. */
  | 'unknown'
  /** This request has saved it. */
  | 'saved'
  /** This request has ended it. */
  | 'ended'

/** The state that the next save compares with. A save replaces it. */
export interface Snapshot {
  /** Why nothing was read; undefined when something was. */
  readonly reason: Reason | undefined
  /** Why the codecs refused the cookie, one code each. */
  readonly refusals: readonly ErrorCode[]
  readonly defaults: Defaults
  /** Cookie attributes, as read or as last sent. */
  readonly options: Readonly<Options>
  readonly lifetime: Readonly<FullLifetime>
  readonly metadata: SessionMetadata
  /** The idle time in seconds that the session was given by a Max-Age of its own. */
  readonly maxAge: number | undefined
  /** The serialized values, and what serialized them; undefined when that is not known. */
  readonly payload: Uint8Array | undefined
  readonly serializer: Serializer | undefined
  /** Why the session is written even if nothing changes. */
  readonly renewal: Renewal | undefined
  /** Whether it came from a read cache in the browser. */
  readonly isCopy: boolean
  /** The id under which the session is stored, for stores that have ids. */
  readonly id: string | undefined
  /** Belongs to the persistence, which alone knows what it is. */
  readonly kept: unknown
  readonly progress: Progress
  /** The cookies that the last save of this request has set. */
  readonly cookies: readonly Cookie[]
}

export const noRefusals: readonly ErrorCode[] = []
export const noCookies: readonly Cookie[] = []

/** A snapshot of a session of which nothing was read. */
export function emptySnapshot(
  reason: Reason | undefined,
  defaults: Defaults,
  refusals: readonly ErrorCode[] = noRefusals,
  progress: Progress = 'read',
): Snapshot {
  return {
    reason,
    refusals,
    defaults,
    options: defaults.options,
    lifetime: defaults.lifetime,
    metadata: {},
    maxAge: undefined,
    payload: undefined,
    serializer: undefined,
    renewal: undefined,
    isCopy: false,
    id: undefined,
    kept: undefined,
    progress,
    cookies: noCookies,
  }
}

/** Defaults for a session that was made by hand. */
export function handmadeDefaults(
  options: Options,
  lifetime: FullLifetime | undefined,
  now: (() => number) | undefined,
): Defaults {
  return {
    options: { ...options },
    lifetime: lifetime ?? defaultLifetime,
    version: 1,
    now: now ?? unixSeconds,
  }
}
