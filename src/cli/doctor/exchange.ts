/**
 * What a visit records: every request that was sent and its response. Checks judge these records and send nothing.
 *
 * @module
 */

import type { IncomingHttpHeaders } from 'node:http'
import type { ReceivedCookie } from '../../testing/app/set-cookie.ts'

/** Why a request was sent. */
export type Step =
  /** The page, by a visitor without cookies. */
  | 'page'
  /** The page, by another visitor without cookies. */
  | 'other visitor'
  /** A path that does not exist, by a visitor without cookies. */
  | 'missing page'
  /** A path that does not exist, by the visitor of `page`, signed in if there is a sign-in. */
  | 'missing page again'
  /** The page, with `X-Forwarded-Proto: https`. */
  | 'forwarded proto'
  /** The page, with a made-up `X-Forwarded-Host`. */
  | 'forwarded host'
  /** The protected page, without cookies, or with those from before the sign-in. */
  | 'signed out'
  /** The page with the sign-in form. */
  | 'login page'
  /** The form, and the redirects after it. */
  | 'login'
  /** The protected page, signed in. */
  | 'signed in'
  /** The protected page, signed in, without the cookie `target`. */
  | 'without cookie'
  /** The protected page, with the cookies from before the sign-in. */
  | 'the cookies from before the sign-in'
  /** Signs in with a session cookie that the app has not issued. */
  | 'planted login'
  /** The protected page, with only the planted cookie. */
  | 'a made-up session id'
  /** The protected page, signed in, with a changed character in the cookie `target`. */
  | 'a changed character'
  /** Signs out. */
  | 'logout'
  /** The protected page, with the cookies from before the sign-out. */
  | 'the cookies from before the sign-out'
  /** The page, with nonsense, with a very long value, and with two values as the cookie `target`. */
  | 'a malformed value'
  | 'a very long value'
  | 'two values'

export type Pair = readonly [name: string, value: string]

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly cookies: readonly ReceivedCookie[]
  /** The body, as UTF-8 and up to 1 MiB. */
  readonly body: string
}

export interface Exchange {
  readonly step: Step
  /** The name of the cookie that the step changes or leaves out. */
  readonly target?: string
  readonly method: 'GET' | 'POST'
  readonly url: URL
  /** The cookies that were sent, in their order. */
  readonly sent: readonly Pair[]
  /** True if the app has reason to believe that the visitor uses HTTPS: by TLS, or as a proxy reports it. */
  readonly isHttps: boolean
  /** undefined if the server closed the connection without a response. */
  readonly response: Received | undefined
}

export interface Recording {
  /** The page that was visited, with HTTPS if it redirects there. */
  readonly page: URL
  readonly exchanges: readonly Exchange[]
  /** The session cookie that the caller has named. */
  readonly cookieName: string | undefined
  /** Why the sign-in has not worked, if it was tried and has not. */
  readonly loginProblem: string | undefined
  /** The address that the sign-in form is sent to, if it is on another site. The visit does not go there. */
  readonly foreignFormAction: URL | undefined
  /** Another host that the page redirects to. */
  readonly redirectsTo: URL | undefined
  /** When the visit began: Unix time in seconds. */
  readonly startedAt: number
}

/** The steps of an ordinary visitor. In the others, cookies or headers are forged. */
const ordinarySteps: ReadonlySet<Step> = new Set<Step>([
  'page',
  'other visitor',
  'missing page',
  'missing page again',
  'signed out',
  'login page',
  'login',
  'signed in',
  'logout',
])

/** Whether an exchange is one of an ordinary visitor, with cookies and headers as browsers send them. */
export function isOrdinary({ step }: Exchange): boolean {
  return ordinarySteps.has(step)
}

/** The exchanges of a step. */
export function ofStep(exchanges: readonly Exchange[], ...steps: readonly Step[]): Exchange[] {
  return exchanges.filter(({ step }) => steps.includes(step))
}
