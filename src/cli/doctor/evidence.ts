/**
 * Reads a recording: which cookies hold the session, which responses set them, and who is signed in.
 *
 * @module
 */

import { expiryOf, type ReceivedCookie } from '../../testing/app/set-cookie.ts'
import { type Format, formatOf } from './cookie-format.ts'
import {
  type Exchange,
  isOrdinary,
  ofStep,
  type Pair,
  type Received,
  type Recording,
} from './exchange.ts'

/** A cookie that holds a session or its id. */
export interface SessionCookie {
  /** The name without the suffix of a chunk or a signature. */
  readonly name: string
  readonly format: Format
  /** Its value, for measuring. It must not be printed. */
  readonly value: string
  /** Whether the visitor was signed out without it. undefined if that is unknown. */
  readonly isDecisive: boolean | undefined
}

/** A response that sets a session cookie. */
export interface Setting {
  readonly exchange: Exchange & { readonly response: Received }
  readonly cookie: ReceivedCookie
  readonly session: SessionCookie
}

/** What checks judge. */
export interface Evidence extends Recording {
  readonly sessions: readonly SessionCookie[]
  /** What ordinary responses set, without deletions. Signatures and chunks are left out. */
  readonly settings: readonly Setting[]
  /** Whether the visitor of an exchange with the protected page was signed in. undefined without a sign-in. */
  readonly isSignedIn: ((exchange: Exchange) => boolean) | undefined
}

export function evidenceOf(recording: Recording): Evidence {
  const isSignedIn = signedInTest(recording.exchanges)
  const sessions = sessionsIn(recording, isSignedIn)
  return { ...recording, sessions, settings: settingsOf(recording, sessions), isSignedIn }
}

/** The cookies that hold sessions, in the order in which they were first set. */
export function sessionsIn(
  recording: Pick<Recording, 'exchanges' | 'cookieName' | 'startedAt'>,
  isSignedIn = signedInTest(recording.exchanges),
): SessionCookie[] {
  const received = receivedIn(recording.exchanges)
  const names = new Set(received.map(({ name }) => name))
  const sessions = new Map<string, SessionCookie>()
  for (const { name, value } of received) {
    const base = baseName(name)
    if (name !== base && name !== `${base}.0`) continue
    const format = formatOf(name, value, names, recording.startedAt)
    const isDecisive = decisive(recording.exchanges, base, isSignedIn)
    if (isSessionCookie({ name: base, value, format, isDecisive }, recording.cookieName)) {
      sessions.set(base, { name: base, format, value, isDecisive })
    }
  }
  return [...sessions.values()]
}

/** The cookies with a value that ordinary responses set or, without any, the ones behind a proxy with HTTPS. */
function receivedIn(exchanges: readonly Exchange[]): ReceivedCookie[] {
  const withValue = (each: Exchange) =>
    each.response?.cookies.filter(({ value }) => !/^(?:|""|deleted?)$/i.test(value)) ?? []
  const ordinary = exchanges.filter(isOrdinary).flatMap(withValue)
  return ordinary.length > 0 ? ordinary : ofStep(exchanges, 'forwarded proto').flatMap(withValue)
}

/** The name without the suffix of a signature or a chunk: `name.sig`, `name.0`, `name.1`. */
export function baseName(name: string): string {
  return name.replace(/\.(?:sig|\d{1,2})$/, '')
}

function isSessionCookie(
  { name, value, format, isDecisive }: SessionCookie,
  cookieName: string | undefined,
): boolean {
  if (cookieName !== undefined) return name === baseName(cookieName)
  if (isDecisive) return true
  if (isOtherCookie(name)) return false
  return format.library !== undefined || isSessionName(name) || isCredential(name, value)
}

/** Cookies of CSRF tokens, sign-in protocols, analytics and load balancers. */
function isOtherCookie(name: string): boolean {
  return /csrf|xsrf|callback|pkce|nonce|state|^_ga|^_hj|^ai_|^_?_?cf_|^AWSALB|^ARRAffinity|^flash/i.test(
    name,
  )
}

function isSessionName(name: string): boolean {
  return /(?:^|[^a-z])(?:(?:php|asp|j)?sess(?:ion)?(?:_?id)?s?|sid)(?:$|[^a-z])/.test(wordsIn(name))
}

/** Names of tokens, if the value is long enough for one: `auth=true` is none. */
function isCredential(name: string, value: string): boolean {
  const pattern =
    /(?:^|[^a-z])(?:auth|login|remember|jwt|(?:auth|access|refresh)[-_.]?token)(?:$|[^a-z])/
  return value.length >= 16 && pattern.test(wordsIn(name))
}

/** `sessionId` becomes `session-id`. */
function wordsIn(name: string): string {
  return name.replace(/([a-z])(?=[A-Z])/g, '$1-').toLowerCase()
}

function settingsOf(
  { exchanges, startedAt }: Recording,
  sessions: readonly SessionCookie[],
): Setting[] {
  const ordinary = exchanges.filter(isOrdinary)
  const sets = (each: Exchange): Setting[] => {
    const { response } = each
    if (!response) return []
    return response.cookies.flatMap(cookie => {
      const session = sessions.find(
        ({ name }) => cookie.name === name || cookie.name === `${name}.0`,
      )
      const isSet = cookie.value !== '' && !isExpired(cookie, startedAt)
      return session && isSet ? [{ exchange: { ...each, response }, cookie, session }] : []
    })
  }
  const settings = ordinary.flatMap(sets)
  return settings.length > 0 ? settings : ofStep(exchanges, 'forwarded proto').flatMap(sets)
}

/** Whether a cookie had expired at the time of the visit: then it is deleted. */
export function isExpired(cookie: ReceivedCookie, now: number): boolean {
  return (expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now
}

function decisive(
  exchanges: readonly Exchange[],
  base: string,
  isSignedIn: ((exchange: Exchange) => boolean) | undefined,
): boolean | undefined {
  const without = ofStep(exchanges, 'without cookie').find(({ target }) => target === base)
  return without && isSignedIn && !isSignedIn(without)
}

/**
 * Returns a function that distinguishes signed-in visitors of the protected page from others, or undefined if their
 * pages do not differ. It compares the status and the words, of which those that change with every request are ignored.
 */
export function signedInTest(
  exchanges: readonly Exchange[],
): ((exchange: Exchange) => boolean) | undefined {
  const inside = pagesOf(exchanges, 'signed in')
  const outside = pagesOf(exchanges, 'signed out')
  const [entered] = inside
  if (!entered || outside.length === 0) return undefined
  const status = statusOf(entered)
  if (outside.every(page => statusOf(page) !== status)) {
    return ({ response }) => response !== undefined && statusOf(response) === status
  }
  const [ins, outs] = [commonWords(inside), commonWords(outside)]
  const insideOnly = [...ins].filter(word => !outside.some(page => wordsOf(page).has(word)))
  const outsideOnly = [...outs].filter(word => !inside.some(page => wordsOf(page).has(word)))
  if (insideOnly.length + outsideOnly.length === 0) return undefined
  return ({ response }) => {
    if (!response || statusOf(response) !== status) return false
    const words = wordsOf(response)
    // Without words of one kind, the absence of the other kind decides.
    return shareOf(insideOnly, words, 0.5) > shareOf(outsideOnly, words, 0.5)
  }
}

function pagesOf(exchanges: readonly Exchange[], step: 'signed in' | 'signed out'): Received[] {
  return ofStep(exchanges, step).flatMap(({ response }) => response ?? [])
}

/** The status, and where it redirects to, without the query. */
function statusOf({ status, headers }: Received): string {
  return `${status} ${headers.location?.replace(/[?#].*/s, '') ?? ''}`
}

function commonWords(pages: readonly Received[]): Set<string> {
  const [first = new Set<string>(), ...others] = pages.map(wordsOf)
  return new Set([...first].filter(word => others.every(each => each.has(word))))
}

const words = new WeakMap<Received, ReadonlySet<string>>()

function wordsOf(page: Received): ReadonlySet<string> {
  const known = words.get(page) ?? new Set(page.body.split(/[^\p{L}\p{N}_-]+/u).filter(Boolean))
  words.set(page, known)
  return known
}

function shareOf(list: readonly string[], present: ReadonlySet<string>, ifEmpty: number): number {
  return list.length === 0 ? ifEmpty : list.filter(word => present.has(word)).length / list.length
}

/** The values that a request sent for a session cookie and its chunks and signature. */
export function sentFor(sent: readonly Pair[], name: string): Pair[] {
  return sent.filter(([each]) => baseName(each) === name)
}
