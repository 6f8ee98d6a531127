/** One HTTP/1 or HTTP/2 exchange on a connection of its own, with everything that the client receives. */

import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** A server for both versions of HTTP has to use TLS. These ciphers need no certificate. */
export const withoutCertificate = {
  ciphers: 'AECDH-AES256-SHA@SECLEVEL=0',
  maxVersion: 'TLSv1.2',
} as const

export interface Exchange {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body without its content coding. */
  readonly body: Buffer
  /** The `Link` headers of informational responses. */
  readonly hints: readonly unknown[]
}

/** A request that has not been answered after this many milliseconds fails. */
const patience = 60_000

/** Sends a request. Rejects if the response does not arrive completely, or not in time. */
export async function exchange(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Exchange> {
  const hints: unknown[] = []
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patience)
    const sent = request(
      url,
      { agent: false, ...withoutCertificate, rejectUnauthorized: false, ...options, signal },
      response => {
        const { statusCode, headers } = response
        buffer(response)
          .then(body => resolve(decoded(statusCode as number, headers, body, hints)))
          .catch(reject)
      },
    )
    sent.on('information', ({ headers }) => hints.push(headers.link))
    sent.on('error', reject).end()
  })
}

/** Like {@link exchange}, over HTTP/2. */
export async function exchange2(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Exchange> {
  const { origin, pathname } = new URL(url)
  const session = connect(origin, { ...withoutCertificate, rejectUnauthorized: false })
  try {
    return await Promise.race([
      send(session, { ':path': pathname, ':method': method, ...headers }),
      new Promise<never>((_, reject) => session.on('error', reject)),
    ])
  } finally {
    session.destroy()
  }
}

function send(session: ClientHttp2Session, headers: Record<string, string>): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const hints: unknown[] = []
    const stream = session.request(headers, { signal: AbortSignal.timeout(patience) })
    stream.on('error', reject)
    stream.on('headers', informational => hints.push(informational.link))
    stream.on('response', ({ ':status': status, ...rest }) => {
      const fields = rest as IncomingHttpHeaders
      buffer(stream)
        .then(body => resolve(decoded(status as number, fields, body, hints)))
        .catch(reject)
    })
    stream.end()
  })
}

/** Sends a request and drops the connection: when the body begins, or after some milliseconds. */
export function abort(url: string, after?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { ...withoutCertificate, rejectUnauthorized: false }
    const request = url.startsWith('https:') ? requestHttps : requestHttp
    const sent = request(url, { agent: false, ...options, signal: AbortSignal.timeout(patience) })
    sent.on('response', response => {
      if (after === undefined) response.once('data', () => response.destroy())
      response.on('error', () => {}).on('close', resolve)
    })
    sent.on('error', error => {
      if (error.name === 'AbortError') reject(error)
      else resolve()
    })
    sent.end()
    if (after !== undefined) setTimeout(() => sent.destroy(), after)
  })
}

function decoded(
  status: number,
  headers: IncomingHttpHeaders,
  body: Buffer,
  hints: readonly unknown[],
): Exchange {
  const isZipped = headers['content-encoding'] === 'gzip' && body.length > 0
  return { status, headers, body: isZipped ? gunzipSync(body) : body, hints }
}
