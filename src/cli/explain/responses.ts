/**
 * Judges the session cookies that recorded responses set, with the checks of `doctor` that need nothing else.
 *
 * @module
 */

import { receivedCookies } from '../../testing/app/set-cookie.ts'
import { parsePairs } from '../cookies/jar.ts'
import { attributes } from '../doctor/checks/attributes.ts'
import { lifetime } from '../doctor/checks/lifetime.ts'
import { names } from '../doctor/checks/names.ts'
import { size } from '../doctor/checks/size.ts'
import type { Code } from '../doctor/codes.ts'
import type { Exchange } from '../doctor/exchange.ts'
import { judge, type ReportedFinding } from '../doctor/report.ts'
import type { RecordedRequest } from './request.ts'

/** What requests show is explained with the requests. */
const codesOfRequests: readonly Code[] = ['several-cookies-of-one-name', 'cookies-too-large']

const codes: ReadonlySet<Code> = new Set(
  [attributes, names, size, lifetime]
    .flatMap(check => check.codes)
    .filter(code => !codesOfRequests.includes(code)),
)

/** Returns what is wrong with the session cookies that the responses of one origin set. */
export function judgeResponses(requests: readonly RecordedRequest[]): readonly ReportedFinding[] {
  const [first] = requests
  if (!first?.url) return []
  const recording = {
    page: first.url,
    exchanges: requests.flatMap(exchangeOf),
    cookieName: undefined,
    loginProblem: undefined,
    foreignFormAction: undefined,
    redirectsTo: undefined,
    startedAt: first.startedAt ?? Date.now() / 1000,
  }
  return judge(recording).findings.filter(({ code }) => codes.has(code))
}

function exchangeOf({ method, url, cookie, setCookie, status }: RecordedRequest): Exchange[] {
  if (!url || setCookie.length === 0) return []
  return [
    {
      step: 'page',
      method: method === 'POST' ? method : 'GET',
      url,
      sent: parsePairs(cookie ?? '').map(({ name = '', value }) => [name, value]),
      isHttps: url.protocol === 'https:',
      response: {
        status: status ?? 200,
        headers: {},
        cookies: receivedCookies({ 'set-cookie': setCookie }),
        body: '',
      },
    },
  ]
}
