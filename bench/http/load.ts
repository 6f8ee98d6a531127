/**
 * Sends requests to an app with autocannon.
 *
 * @module
 */

import autocannon from 'autocannon'
import type { Operation } from './app.ts'
import type { AppServer } from './server.ts'
import type { Visitor } from './visitors.ts'

export const connections = 16

/** What one run has measured. */
export interface Load {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Processor time of the app's process per request, all threads together, in microseconds. */
  readonly processorTime: number
  /** Processor time divided by elapsed time. Well below 1, the app was waiting for requests. */
  readonly utilization: number
}

/** Sends as many requests as the app can take. Rejects if one of them fails. */
export async function applyLoad(
  server: AppServer,
  visitors: readonly Visitor[],
  operation: Operation,
  seconds: number,
): Promise<Load> {
  let client = 0
  const processorBefore = await server.processorTime()
  const clockBefore = performance.now()
  const result = await autocannon({
    url: server.origin,
    connections,
    duration: seconds,
    // A run ends only when a sample does.
    sampleInt: 100,
    setupClient(each) {
      // A visitor sends one request at a time, so that every request carries the newest cookie.
      const own = visitors.filter((_, index) => index % connections === client)
      client += 1
      each.setRequests(own.map(visitor => requestOf(visitor, operation)))
    },
  })
  const elapsed = (performance.now() - clockBefore) / 1000
  const processor = (await server.processorTime()) - processorBefore
  const failed = result.non2xx + result.errors + result.timeouts
  const requests = result['2xx']
  if (failed > 0 || requests === 0) {
    throw new Error(`${server.app}, ${operation}: ${failed} requests failed, ${requests} succeeded`)
  }
  return {
    requests,
    requestsPerSecond: requests / elapsed,
    processorTime: processor / requests,
    utilization: processor / 1e6 / elapsed,
  }
}

/**
 * The cookie of a visitor who only reads is fixed, so that autocannon builds the request once. A visitor who
 * changes the session takes the cookies of every response.
 */
function requestOf(visitor: Visitor, operation: Operation): autocannon.Request {
  const path = `/${operation}`
  const headers = { cookie: visitor.cookie }
  if (operation === 'read') return { path, headers }
  return {
    path,
    headers,
    setupRequest: request => ({ ...request, headers: { cookie: visitor.cookie } }),
    onResponse: (_status, _body, _context, received) => visitor.receive(setCookieLines(received)),
  }
}

/** autocannon keeps the case of header names, and a string if there is only one line. */
function setCookieLines(headers: object | undefined): readonly string[] {
  const found = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'set-cookie')
  return found ? [found[1] as string | string[]].flat() : []
}
