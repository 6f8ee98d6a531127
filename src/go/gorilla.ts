/**
 * Stores with the defaults and layouts of Go's gorilla/sessions v1.4.0: a Go program and a
 * TypeScript program with the same keys (and folder) share their sessions, both ways.
 *
 * @module
 */

import { assertOptions, type Options } from '../http/cookie-options.ts'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { thirtyDays } from '../lib/clock.ts'
import { CookieStore } from '../stores/cookie-store.ts'
import { FilesystemStore } from '../stores/filesystem-store.ts'
import { codecsFromPairs, type Key } from './securecookie.ts'
import { addLayout } from './stores/lib/layout.ts'
import { signedId, signedText } from './stores/lib/records.ts'
import { listSessionFiles } from './stores/lib/session-files.ts'

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
  /** @internal */
  static override readonly name: string = 'GorillaCookieStore'

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
  /** @internal */
  static override readonly name: string = 'GorillaFilesystemStore'

  constructor(path: string, keyPairs: readonly PairKey[]) {
    const codecs = codecsFromPairs(keyPairs)
    super(path, {
      codecs,
      options: goOptions({ Path: '/', MaxAge: thirtyDays }),
      saveUnchanged,
      duplicateCookies: 'first',
    })
    // Without keys the store reads nothing, so there is nothing to move away.
    if (codecs.length === 0) return
    addLayout(this, {
      records: { list: cursor => listSessionFiles(this.path, cursor) },
      format: signedText(codecs),
      cookie: signedId(codecs),
      get maxAge() {
        return codecs[0]?.maxAge || thirtyDays
      },
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
  /** Path that the cookie is sent to, with everything below it. Default: not sent. */
  Path?: string
  /** Domain that the cookie is sent to, including subdomains. Default: not sent. */
  Domain?: string
  /** Seconds. 0: until the browser closes; negative: delete now. Default 0. */
  MaxAge?: number
  /** Send the cookie over HTTPS only. Default false. */
  Secure?: boolean
  /** Hide the cookie from scripts in the page. Default false. */
  HttpOnly?: boolean
  /** Partition the cookie by top-level site. Default false. */
  Partitioned?: boolean
  /** Whether cross-site requests carry the cookie. Default: not sent, Go's `SameSiteDefaultMode`. */
  SameSite?: 'strict' | 'lax' | 'none'
}

const goFields: readonly (keyof GoOptions)[] = [
  'Path',
  'Domain',
  'MaxAge',
  'Secure',
  'HttpOnly',
  'Partitioned',
  'SameSite',
]

/**
 * Go's `sessions.Options` as ours: `session.options = goOptions({ Path: '/', MaxAge: 0 })`.
 * As in Go, a field that is missing or has its zero value is not sent, and neither is the leading dot of a domain.
 *
 * Throws a TypeError for an unknown field or an invalid value. Throws a RangeError for attributes with which browsers
 * drop the cookie: `Partitioned` or `SameSite: 'none'` without `Secure`.
 */
export function goOptions(options: GoOptions): Options {
  assertKnownOptions('goOptions', options, goFields)
  const translated: Options = {
    path: options.Path,
    domain: options.Domain?.replace(/^\./, '') || undefined,
    maxAge: goMaxAge(options.MaxAge ?? 0),
    secure: options.Secure,
    httpOnly: options.HttpOnly,
    partitioned: options.Partitioned,
    sameSite: options.SameSite,
  }
  assertOptions(translated)
  return translated
}

function goMaxAge(age: number): number | 'session' {
  return age === 0 ? 'session' : age
}
