/**
 * Sends requests to one host, within limits.
 *
 * @module
 */

import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { receivedCookies } from '../../testing/app/set-cookie.ts'
import { FailedError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import type { Pair, Received } from './exchange.ts'

/** The most requests of one visit. docs/cli/doctor.md states it. */
export const maxRequests = 80

const maxBodyBytes = 1_048_576
/** Node's default of 16 KiB is less than some apps set in cookies. */
const maxHeaderBytes = 262_144

export interface ClientOptions {
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number
  /** Accept any certificate. */
  readonly insecure: boolean
  readonly signal: AbortSignal
}

export interface Outgoing {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly cookies: readonly Pair[]
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** A request without a response: the server closed the connection, or there is none. */
export class NoResponseError extends FailedError {}

export type Send = (outgoing: Outgoing) => Promise<Received>

/**
 * Returns a function that sends one request and follows no redirect. It rejects with a {@link NoResponseError} if there
 * is no response within the time, and with a {@link FailedError} after {@link maxRequests}.
 */
export function createClient(options: ClientOptions): Send {
  let count = 0
  return outgoing => {
    if (++count > maxRequests) {
      throw new FailedError(`Stopped after ${maxRequests} requests.`)
    }
    return exchange(outgoing, options)
  }
}

function exchange(outgoing: Outgoing, options: ClientOptions): Promise<Received> {
  const { method, url, cookies, headers, body } = outgoing
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const cookie = cookies.map(pair => pair.join('=')).join('; ')
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: {
        accept: 'text/html,application/json;q=0.9,*/*;q=0.8',
        'user-agent': 'silverback-doctor (https://github.com/silverback-sessions/silverback)',
        ...headers,
        ...(cookie !== '' && { cookie }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      agent: false,
      maxHeaderSize: maxHeaderBytes,
      rejectUnauthorized: !options.insecure,
      signal: options.signal,
    })
    let finish = (): void => reject(timeoutError(url, options.timeoutMs))
    const timer = setTimeout(() => {
      finish()
      sent.destroy()
    }, options.timeoutMs)
    sent.on('error', error => reject(connectionError(url, error)))
    sent.on('close', () => clearTimeout(timer))
    sent.on('response', response => {
      const chunks: Buffer[] = []
      let length = 0
      // What has arrived of an endless or broken body is enough.
      finish = () => {
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          cookies: receivedCookies(response),
          body: Buffer.concat(chunks).toString(),
        })
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length < maxBodyBytes) return
        finish()
        sent.destroy()
      })
      response.on('error', () => finish()).on('end', () => finish())
    })
    sent.end(body)
  })
}

function timeoutError(url: URL, timeoutMs: number): NoResponseError {
  return new NoResponseError(
    `${printable(url.href)} did not respond within ${timeoutMs / 1000} seconds. Is it the right address? --timeout sets the limit.`,
  )
}

function connectionError(url: URL, error: NodeJS.ErrnoException): Error {
  if (error.name === 'AbortError') return error
  const code = error.code ?? error.name
  const host = printable(url.host)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new NoResponseError(`There is no host ${printable(url.hostname)} (${code}).`)
  }
  if (code === 'ECONNREFUSED') {
    return new NoResponseError(`No server listens at ${host} (${code}). Start the app first.`)
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) {
    return new NoResponseError(
      `The certificate of ${host} is not valid (${code}). For a test server, pass --insecure.`,
    )
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return new NoResponseError(
      `${host} does not speak TLS as expected (${code}). Is the address http:// instead of https://?`,
    )
  }
  return new NoResponseError(`${host} closed the connection without a valid response (${code}).`)
}
