/**
 * Stores with the defaults and layouts of Go's gorilla/sessions v1.4.0: a Go program and a
 * TypeScript program with the same keys (and folder) share their sessions, both ways.
 *
 * @module
 */

import type { Options } from '../http/cookie-options.ts'
import { thirtyDays } from '../lib/clock.ts'
import { CookieStore } from '../stores/cookie-store.ts'
import { FilesystemStore } from '../stores/filesystem-store.ts'
import { codecsFromPairs, type Key } from './securecookie.ts'

export { go } from './gob/index.ts'

/** In gorilla's stores every save writes and sets the cookie; in ours that is an option. */
const saveUnchanged = true

/** A key of gorilla's `keyPairs`: null where a pair has no block key. */
export type PairKey = Key | null | undefined

/**
 * Go's `sessions.NewCookieStore(keyPairs...)`: hash key, block key, older hash key, …
 *
 * Cookies last 30 days with `Path=/; Secure; SameSite=None`; values are gob, limited to 4096 characters.
 * As in Go, an invalid key is an error at its first use.
 */
export function cookieStore(...keyPairs: PairKey[]): GorillaCookieStore {
  return new GorillaCookieStore(keyPairs)
}

/**
 * Go's `sessions.NewFilesystemStore(path, keyPairs...)`. `path` may be empty for the system's
 * folder for temporary files.
 *
 * Cookies last 30 days with `Path=/`; values are gob, limited to 4096 characters in cookie and file.
 */
export function filesystemStore(path: string, ...keyPairs: PairKey[]): GorillaFilesystemStore {
  return new GorillaFilesystemStore(path, keyPairs)
}

/** A {@link CookieStore} with Go's defaults. */
export class GorillaCookieStore extends CookieStore {
  constructor(keyPairs: readonly PairKey[]) {
    super({
      codecs: codecsFromPairs(keyPairs),
      options: goOptions({ Path: '/', MaxAge: thirtyDays, Secure: true, SameSite: 'none' }),
      saveUnchanged,
      duplicateCookies: 'first',
    })
  }

  /** Go's `store.MaxAge(age)`: 0 = browser session and no age limit, negative = delete. */
  override maxAge(age: number): void {
    this.setMaxAge(goMaxAge(age), age)
  }
}

/** A {@link FilesystemStore} with Go's defaults. */
export class GorillaFilesystemStore extends FilesystemStore {
  constructor(path: string, keyPairs: readonly PairKey[]) {
    super(path, {
      codecs: codecsFromPairs(keyPairs),
      options: goOptions({ Path: '/', MaxAge: thirtyDays }),
      saveUnchanged,
      duplicateCookies: 'first',
    })
  }

  /** Go's `store.MaxAge(age)`: 0 = browser session and no age limit, negative = delete. */
  override maxAge(age: number): void {
    this.setMaxAge(goMaxAge(age), age)
  }

  /** Go's `store.MaxLength(l)`: characters in a cookie and in a file; 0 = no limit. */
  maxLength(length: number): void {
    for (const codec of this.codecs) codec.maxLength = length
  }
}

/** The fields of Go's `sessions.Options`. */
export interface GoOptions {
  Path?: string
  Domain?: string
  /** Seconds. 0 or missing: until the browser closes; negative: delete now. */
  MaxAge?: number
  Secure?: boolean
  HttpOnly?: boolean
  Partitioned?: boolean
  /** Default: not sent, Go's `SameSiteDefaultMode`. */
  SameSite?: 'strict' | 'lax' | 'none'
}

/**
 * Go's `sessions.Options` as ours: `session.options = goOptions({ Path: '/', MaxAge: 0 })`.
 * As in Go, a missing field is not sent.
 */
export function goOptions(options: GoOptions): Options {
  return {
    path: options.Path,
    domain: options.Domain,
    maxAge: goMaxAge(options.MaxAge ?? 0),
    secure: options.Secure,
    httpOnly: options.HttpOnly,
    partitioned: options.Partitioned,
    sameSite: options.SameSite,
  }
}

function goMaxAge(age: number): number | 'session' {
  return age === 0 ? 'session' : age
}
