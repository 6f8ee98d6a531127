import type { Evidence } from '../evidence.ts'
import { type Exchange, ofStep, type Received } from '../exchange.ts'
import { type Check, type Finding, findingOf, withoutSession } from './check.ts'

/** What shared caches may store: responses that set a session, and pages of signed-in users. */
export const caching: Check = {
  name: 'caching',
  codes: ['cacheable-set-cookie', 'cacheable-private-page'],
  skip: withoutSession,
  run: evidence => [...settingResponses(evidence), ...privatePages(evidence)],
}

function settingResponses({ settings }: Evidence): Finding[] {
  return settings
    .filter(({ exchange }) => mayBeShared(exchange, exchange.response))
    .map(setting => findingOf('cacheable-set-cookie', setting, describe(setting.exchange.response)))
}

function privatePages({ exchanges, settings, isSignedIn }: Evidence): Finding[] {
  if (!isSignedIn) return []
  const setting = new Set(settings.map(({ exchange }) => exchange.response))
  return ofStep(exchanges, 'signed in').flatMap((exchange): Finding[] => {
    const { response, method, url } = exchange
    // A response that also sets the cookie is reported as such.
    if (!response || setting.has(response) || !mayBeShared(exchange, response)) return []
    // A cache that honours Vary does not give the page to visitors with other cookies (RFC 9111 §4.1).
    if (/(?:^|,)\s*(?:cookie|\*)\s*(?:,|$)/i.test(response.headers.vary ?? '')) return []
    const evidence = `${method} ${url.pathname}: ${describe(response)}, no Vary: Cookie`
    return [{ code: 'cacheable-private-page', evidence }]
  })
}

/** The statuses that caches may store without being asked to (RFC 9110 §15.1). */
const cacheableStatuses = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]

/** Whether shared caches may store a response (RFC 9111 §3), and use it without asking the server. */
function mayBeShared({ method }: Exchange, { status, headers }: Received): boolean {
  const directives = (headers['cache-control'] ?? '')
    .toLowerCase()
    .split(',')
    .map(each => each.trim())
  // no-cache and private may name the headers that they are about, such as Set-Cookie.
  const prevents = /^(?:no-store|private|no-cache|max-age=0$)/
  if (directives.some(each => prevents.test(each))) return false
  const isExplicit =
    directives.some(each => each === 'public' || /^(?:s-maxage|max-age)=/.test(each)) ||
    Date.parse(headers.expires ?? '') > Date.now()
  return isExplicit || (method === 'GET' && cacheableStatuses.includes(status))
}

function describe({ headers }: Received): string {
  const value = headers['cache-control']
  return value === undefined ? 'no Cache-Control' : `Cache-Control: ${value}`
}
