/**
 * The state of a session as it was last read or written.
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
  /** The cookie does not have the format that this store writes. */
  | 'malformed'
  /** The cookie is longer than the store reads, or a session of another library is too large for a cookie. */
  | 'too-large'
  /** The cookie was made with a key that is not, or no longer, configured in the store. */
  | 'unknown-key'
  /** No key of the store signed this cookie under this name. */
  | 'bad-mac'
  /** The session is older than allowed. */
  | 'expired'
  /** The session was written in the future: the clocks of two machines differ. */
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

/** The state of the session in this request. */
export type Progress =
  /** It was read, or is new. */
  | 'read'
  /** It was created with `new Session`: it is saved even if it is empty. */
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
  /** The idle time in seconds, if the session set one with its own Max-Age. */
  readonly maxAge: number | undefined
  /** When the session expires unless it is used: Unix time in seconds. undefined if it was not read, or is unknown. */
  readonly expiresAt?: number | undefined
  /** The values as a tree that nobody changes, if there is one: `payload`, deserialized. */
  readonly original?: unknown
  /** The serialized values, and what serialized them; undefined when that is not known. */
  readonly payload: Uint8Array | undefined
  readonly serializer: Serializer | undefined
  /** Why the session is written even if nothing changes. */
  readonly renewal: Renewal | undefined
  /** Whether it came from a read cache in the browser. */
  readonly isCopy: boolean
  /** The id under which the session is stored, for stores that have ids. */
  readonly id: string | undefined
  /** Data of the persistence, which nothing else reads. */
  readonly kept: unknown
  readonly progress: Progress
  /** The cookies that the last save of this request has set. */
  readonly cookies: readonly Cookie[]
}

export const noRefusals: readonly ErrorCode[] = []
export const noCookies: readonly Cookie[] = []

/** The snapshot of a session that was not read from anywhere. */
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

/** Defaults for a session that was created with `new Session`. */
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
