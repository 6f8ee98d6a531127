/**
 * Reads the requests of a HAR file (HTTP Archive 1.2), which browsers export from their network tab.
 *
 * @module
 */

import { asValues } from '../../migrate/formats.ts'
import { UsageError } from '../lib/exit-codes.ts'
import type { RecordedRequest } from './request.ts'

/** Returns the requests that have cookies, or whose responses set some. Throws a UsageError if it is no HAR file. */
export function parseHar(text: string): RecordedRequest[] {
  const entries = entriesOf(text)
  const requests = entries.map(requestOf).filter(each => each !== undefined)
  return requests.filter(({ cookie, setCookie }) => cookie !== undefined || setCookie.length > 0)
}

function entriesOf(text: string): readonly unknown[] {
  let har: unknown
  try {
    har = JSON.parse(text)
  } catch {
    throw new UsageError('The file is not JSON, so it is not a HAR file.')
  }
  const entries = asValues(asValues(har)?.log)?.entries
  if (!Array.isArray(entries))
    throw new UsageError('The file is not a HAR file: log.entries is missing.')
  return entries
}

function requestOf(entry: unknown): RecordedRequest | undefined {
  const { request: sent, response: received, startedDateTime } = asValues(entry) ?? {}
  const request = asValues(sent)
  if (!request) return undefined
  const response = asValues(received) ?? {}
  const { url, method } = request
  const startedAt =
    typeof startedDateTime === 'string' ? Date.parse(startedDateTime) / 1000 : Number.NaN
  return {
    method: typeof method === 'string' ? method : 'GET',
    url: typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined,
    cookie: headersOf(request, 'cookie').join('; ') || cookiesOf(request),
    // Some browsers join the lines of one header.
    setCookie: headersOf(response, 'set-cookie').flatMap(value => value.split('\n')),
    status: typeof response.status === 'number' ? response.status : undefined,
    startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
  }
}

function headersOf(message: Record<string, unknown>, name: string): string[] {
  return pairsOf(message.headers)
    .filter(([each]) => each.toLowerCase() === name)
    .map(([, value]) => value)
}

/** HTTP/2 requests have their cookies in a list of their own in some browsers. */
function cookiesOf({ cookies }: Record<string, unknown>): string | undefined {
  const pairs = pairsOf(cookies).map(([name, value]) => `${name}=${value}`)
  return pairs.length > 0 ? pairs.join('; ') : undefined
}

function pairsOf(list: unknown): [name: string, value: string][] {
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown): [string, string][] => {
    const { name, value } = asValues(each) ?? {}
    return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : []
  })
}
