/**
 * Explains how a store would treat the cookies of a request.
 *
 * @module
 */

import { maxHeaderLength } from '../../http/cookie-header.ts'
import { CookieStore } from '../../stores/cookie-store.ts'
import { type Inspection, type InspectOptions, inspectCookies } from '../cookies/inspect.ts'
import { parsePairs } from '../cookies/jar.ts'
import { problemOf } from '../cookies/report.ts'
import type { LoadedKey } from '../lib/keys.ts'

/** A cookie, and what a store makes of it. */
export interface ExplainedCookie {
  readonly inspection: Inspection
  /** What a store of this library returns for it; undefined if that is unknown. */
  readonly outcome: string | undefined
}

export interface ExplainedRequest {
  readonly cookies: readonly ExplainedCookie[]
  /** What is wrong with the cookies together. */
  readonly problems: readonly string[]
}

/** nginx and Apache refuse longer headers, with the status 400. */
const maxUsualHeader = 8192

/** Rejects as {@link inspectCookies} does. */
export async function explainHeader(
  header: string,
  url: URL | undefined,
  options: InspectOptions,
): Promise<ExplainedRequest> {
  const inspections = await inspectCookies(parsePairs(header), options)
  const cookies: ExplainedCookie[] = []
  for (const inspection of inspections) {
    cookies.push({ inspection, outcome: await outcomeOf(inspection, header, options) })
  }
  return {
    cookies,
    problems: [...sizes(header), ...duplicates(inspections), ...prefixes(inspections, url)],
  }
}

/** Go and express-session take the first cookie of a name. Browsers send the one with the longest path first. */
function duplicates(inspections: readonly Inspection[]): string[] {
  const byName = new Map<string, Inspection[]>()
  for (const each of inspections) {
    if (each.name === undefined) continue
    const same = byName.get(each.name)
    if (same) same.push(each)
    else byName.set(each.name, [each])
  }
  return [...byName]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => {
      const valid = same.findIndex(each => each.check?.status === 'verified' && !problemOf(each))
      const order = valid < 0 ? '' : ` Here it is number ${valid + 1}.`
      return `${same.length} cookies are called ${name}: they were set with different paths or domains. A store of Silverback takes the first that is valid; other libraries take the first one.${order}`
    })
}

function sizes(header: string): string[] {
  const { length } = header
  if (length > maxHeaderLength) {
    return [
      `The Cookie header has ${length} bytes. Headers longer than ${maxHeaderLength} bytes are not parsed.`,
    ]
  }
  if (length <= maxUsualHeader) return []
  return [
    `The Cookie header has ${length} bytes. nginx and Apache accept ${maxUsualHeader} by default.`,
  ]
}

/** Browsers send cookies with these prefixes over HTTPS only (RFC 6265bis §4.1.3). */
function prefixes(inspections: readonly Inspection[], url: URL | undefined): string[] {
  if (url?.protocol !== 'http:') return []
  return inspections
    .filter(({ name }) => /^__(?:Host|Secure)-/i.test(name ?? ''))
    .map(({ name }) => `${name} was sent over plain HTTP: browsers do that only to localhost.`)
}

/** The reader of silverback/migrate for a format, which the option `legacyReaders` takes. */
const readers: Readonly<Record<string, string>> = {
  securecookie: 'secureCookie',
  'express-session': 'expressSession',
  'cookie-session': 'cookieSession',
  'koa-session': 'koaSession',
  iron: 'ironSession, h3Session or honoSessions',
  'secure-session': 'secureSession',
  'react-router': 'reactRouterSession',
  'svelte-kit-cookie-session': 'svelteKitCookieSession',
  signed: 'fastifySession',
}

async function outcomeOf(
  inspection: Inspection,
  header: string,
  { keys, now }: InspectOptions,
): Promise<string | undefined> {
  const { name, recognized, check } = inspection
  if (name === undefined || !check || check.status === 'unchecked') return undefined
  if (recognized.format === 'sealed') {
    const isId = check.status === 'verified' && check.content === undefined
    if (isId && !check.problem)
      return 'a ServerStore or FilesystemStore accepts the id and looks up its record'
    return cookieStoreOutcome(name, header, keys, now)
  }
  const reader = readers[recognized.format]
  if (reader === undefined || check.status !== 'verified') return undefined
  return `a store of Silverback returns a new session, unless its legacyReaders have ${reader}`
}

/** What a CookieStore with these keys returns for the whole header. */
async function cookieStoreOutcome(
  name: string,
  header: string,
  keys: readonly LoadedKey[],
  now: number,
): Promise<string | undefined> {
  try {
    const store = new CookieStore({ keys: keys.map(({ secret }) => secret), now: () => now })
    const session = await store.get({ headers: { cookie: header } }, name, { readOnly: true })
    if (session.isNew) {
      return `a CookieStore with these keys returns a new session, with the reason ${session.reason}`
    }
    const count = Object.keys(session.values).length
    return `a CookieStore with these keys returns the session, with ${count} ${count === 1 ? 'value' : 'values'}`
  } catch {
    // Some of the keys are for another library.
    return undefined
  }
}
