/** Middleware that wraps the methods of a response, as apps combine it with sessions. */

import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import compression from 'compression'
import helmet from 'helmet'
import morgan from 'morgan'

export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

type Method = (...args: unknown[]) => unknown
type Methods = Record<string, Method>

const load = createRequire(import.meta.url)
const etag = load('etag') as (body: Buffer) => string
const responseTime = load('response-time') as () => Middleware
const onHeaders = load('on-headers') as (response: ServerResponse, listener: () => void) => void

/** Each of them works the same without sessions and with sessions before or after it. */
export const responseMiddleware: Readonly<Record<string, () => Middleware>> = {
  'no other middleware': () => (_request, _response, next) => next(),
  compression: () => compression() as unknown as Middleware,
  morgan: () => morgan('combined', { stream: { write: () => {} } }) as unknown as Middleware,
  'morgan (immediate)': () =>
    morgan('tiny', { immediate: true, stream: { write: () => {} } }) as unknown as Middleware,
  helmet: () => helmet() as Middleware,
  'response-time': responseTime,
  'on-headers that changes the status': () => (_request, response, next) => {
    onHeaders(response, () => {
      response.setHeader('X-Status', response.statusCode)
      if (response.statusCode === 200) response.statusCode = 203
    })
    next()
  },
  etag: () => (_request, response, next) => {
    collectBody(response)
    next()
  },
  'an APM agent': () => (_request, response, next) => {
    traceMethods(response)
    next()
  },
  'an end that waits': () => (_request, response, next) => {
    delayEnd(response)
    next()
  },
}

/** As connect-etag does: keeps the body, and sends it with an ETag at the end. */
function collectBody(response: ServerResponse): void {
  const { write, end } = response as unknown as Record<'write' | 'end', Method>
  const chunks: Buffer[] = []
  const keep = ([chunk, encoding]: unknown[]): void => {
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, encoding as BufferEncoding))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
  const methods = response as unknown as Methods
  methods.write = (...args) => {
    if (response.headersSent) return Reflect.apply(write, response, args)
    keep(args)
    return true
  }
  methods.end = (...args) => {
    if (response.headersSent) return Reflect.apply(end, response, args)
    keep(args)
    const body = Buffer.concat(chunks)
    if (body.length > 0) response.setHeader('X-Digest', etag(body))
    return Reflect.apply(end, response, [body])
  }
}

/** As tracing agents do: wraps methods on the response, and listeners in a context. */
function traceMethods(response: ServerResponse): void {
  const methods = response as unknown as Methods
  for (const name of ['writeHead', 'write', 'end', 'flushHeaders']) {
    const original = methods[name] as Method
    methods[name] = function (this: unknown, ...args: unknown[]) {
      if (name === 'writeHead') response.setHeader('X-Traced', 'yes')
      return Reflect.apply(original, this, args)
    }
  }
  for (const name of ['on', 'once', 'addListener', 'prependListener']) {
    const original = methods[name] as Method
    methods[name] = function (this: unknown, event: unknown, listener: unknown) {
      const inContext = function (this: unknown, ...args: unknown[]): unknown {
        return Reflect.apply(listener as Method, this, args)
      }
      return Reflect.apply(original, this, [event, inContext])
    }
  }
}

/** As Sentry's option `flushTimeout` does: ends the response when the events have been sent. */
function delayEnd(response: ServerResponse): void {
  const { end } = response as unknown as { end: Method }
  ;(response as unknown as Methods).end = function (this: unknown, ...args: unknown[]) {
    setTimeout(() => Reflect.apply(end, response, args), 2)
    return this
  }
}

/** The digest of a body, for assertions whose messages stay short. */
export function digest(body: Buffer): string {
  return `${body.length} bytes, ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`
}
