/**
 * The options that the stores in the layouts of Go's community stores share.
 *
 * @module
 */

import { assertInteger, assertKnownOptions } from '../../../lib/assert-options.ts'
import { thirtyDays } from '../../../lib/clock.ts'
import { describeKind } from '../../../lib/describe.ts'
import {
  type SessionStoreOptions,
  Settings,
  sessionStoreOptions,
} from '../../../stores/settings.ts'
import type { PairKey } from '../../gorilla.ts'
import {
  codecsFromPairs,
  type HashName,
  type SecureCookie,
  type Serializer,
} from '../../securecookie.ts'

/** Options of the stores whose cookies are not signed. */
export interface GoStoreOptions extends Omit<SessionStoreOptions, 'lifetime'> {
  /**
   * Converts between values and bytes. Default `gob`; `gobFor` checks that the Go program has registered the types.
   */
  serializer?: Serializer
}

/** Options of the stores whose cookies are signed. */
export interface SignedGoStoreOptions extends GoStoreOptions {
  /** Go's `keyPairs`: hash key, block key, older hash key, … null where a pair has no block key. */
  keyPairs: readonly PairKey[]
  /** The hash function of the Go program's codecs, if it sets one with `HashFunc`. Default `sha256`. */
  hash?: HashName
  /**
   * The longest record that is written or read: characters of an encoded record, bytes of one that is not
   * encoded. 0 = no limit. Default 4096, as in Go.
   */
  maxLength?: number
}

const goStoreOptions = [
  'serializer',
  ...sessionStoreOptions.filter(option => option !== 'lifetime'),
] as const
const signedOptions = ['keyPairs', 'hash', 'maxLength', ...goStoreOptions] as const

/**
 * The options of a store, checked and completed: Go's lifetime of 30 days, and like Go only the first of several
 * cookies of one name counts.
 *
 * Throws TypeError or RangeError for wrong options, naming them.
 *
 * @param owner - the function whose options these are, for error messages
 * @param own - the names of the options that only this store has
 */
export function goSettings(
  owner: string,
  options: GoStoreOptions,
  own: readonly string[] = [],
): Settings {
  return settingsOf(owner, options, [...own, ...goStoreOptions])
}

/** Like {@link goSettings}, for a store whose cookies are signed. */
export function signedGoSettings(
  owner: string,
  options: SignedGoStoreOptions,
  own: readonly string[] = [],
): Settings {
  const settings = settingsOf(owner, options, [...own, ...signedOptions])
  const { keyPairs, maxLength = 0 } = options
  if (!Array.isArray(keyPairs) || keyPairs.length === 0) {
    throw new TypeError(
      `keyPairs must be a list of hash keys and block keys, not ${describeKind(keyPairs)}`,
    )
  }
  assertInteger('maxLength', maxLength, 0)
  return settings
}

function settingsOf(owner: string, options: GoStoreOptions, known: readonly string[]): Settings {
  assertKnownOptions(owner, options, known)
  const shared = sessionStoreOptions.filter(option => Object.hasOwn(options, option))
  return new Settings(owner, {
    duplicateCookies: 'first',
    ...Object.fromEntries(shared.map(option => [option, options[option as keyof GoStoreOptions]])),
    options: { maxAge: thirtyDays, ...options.options },
  })
}

/**
 * The codecs of a store. As in Go, what they encode is valid for as long as the store's Max-Age.
 *
 * @param records - the settings of codecs that encode records as well
 */
export function codecsOf(
  { keyPairs, hash }: SignedGoStoreOptions,
  { options, now }: Settings,
  records: Pick<SignedGoStoreOptions, 'serializer' | 'maxLength'> = {},
): SecureCookie[] {
  const { maxAge } = options
  const { serializer, maxLength } = records
  return codecsFromPairs(keyPairs, {
    now,
    ...(hash && { hash }),
    ...(serializer && { serializer }),
    ...(maxLength !== undefined && { maxLength }),
    maxAge: typeof maxAge === 'number' ? maxAge : thirtyDays,
  })
}
