/**
 * What a check is.
 *
 * @module
 */

import type { ReceivedCookie } from '../../../testing/app/set-cookie.ts'
import type { Code } from '../codes.ts'
import type { Evidence, Setting } from '../evidence.ts'

export interface Finding {
  readonly code: Code
  /** The name of the session cookie, if the finding is about one. */
  readonly cookie?: string
  /** What was seen, without values of cookies. */
  readonly evidence: string
}

/** One check: a function that judges a recording. */
export interface Check {
  readonly name: string
  /** What it can find. */
  readonly codes: readonly Code[]
  /** Why this recording does not show enough for the check. undefined if it does. */
  skip?(evidence: Evidence): string | undefined
  run(evidence: Evidence): readonly Finding[]
}

/** For checks of cookies: the reason to skip them without one. */
export function withoutSession({ sessions }: Evidence): string | undefined {
  return sessions.length > 0 ? undefined : 'no response has set a session cookie'
}

/** For checks of sign-ins: the reason to skip them without one. */
export function withoutLogin({ isSignedIn, loginProblem }: Evidence): string | undefined {
  if (loginProblem !== undefined) return 'the sign-in has not worked'
  return isSignedIn ? undefined : 'needs --login-url and --form or --form-env'
}

/** A finding about a response that sets a session cookie. */
export function findingOf(code: Code, { cookie, exchange }: Setting, detail?: string): Finding {
  const where = `${exchange.method} ${exchange.url.pathname} sets ${attributesOf(cookie)}`
  return {
    code,
    cookie: cookie.name,
    evidence: detail === undefined ? where : `${where}: ${detail}`,
  }
}

/** The cookie as it was set, without its value. */
function attributesOf({ name, attributes }: ReceivedCookie): string {
  const parts = [...attributes].map(([attribute, value]) => {
    const usual = usualNames.find(each => each.toLowerCase() === attribute) ?? attribute
    return value === '' ? usual : `${usual}=${value}`
  })
  return [`${name}=…`, ...parts].join('; ')
}

const usualNames = [
  'Path',
  'Domain',
  'Max-Age',
  'Expires',
  'HttpOnly',
  'Secure',
  'SameSite',
  'Partitioned',
]
