/**
 * Serves the inspector to requests of Node.
 *
 * @module
 */

import type { OriginRequest } from '../http/origin.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import { aliasRequest } from '../session/registry.ts'
import type { Application } from './application.ts'

/** The subset of Node's request that is used. */
type NodeRequest = OriginRequest &
  AsyncIterable<Uint8Array> & {
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    /** The URL before a framework has removed the path of the mount. */
    readonly originalUrl?: string
    /** What a body parser has read. */
    readonly body?: unknown
    readonly readableEnded?: boolean
  }

/** The subset of Node's response that is used. */
interface NodeResponse {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string | string[]): unknown
  end(body?: Uint8Array): unknown
}

/** Responds to a request. Never rejects. */
export async function serveNode(
  application: Application,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  try {
    const web = webRequest(request, application.originOf(request))
    // So that authorize finds the sessions that the app has loaded.
    aliasRequest(request, web)
    const { status, headers, body } = await bodyOf(await application.respond(web, request, request))
    // The app has responded, as when a request takes too long.
    if (response.headersSent) return
    response.statusCode = status
    for (const [name, value] of headers) if (name !== 'set-cookie') response.setHeader(name, value)
    const cookies = headers.getSetCookie()
    if (cookies.length > 0) response.setHeader('set-cookie', [...cookiesOf(response), ...cookies])
    response.end(body)
  } catch (error) {
    application.report(error)
    if (!response.headersSent) response.statusCode = 500
    response.end()
  }
}

async function bodyOf(
  response: Response,
): Promise<{ status: number; headers: Headers; body: Uint8Array | undefined }> {
  const { status, headers } = response
  const body = response.body ? new Uint8Array(await response.arrayBuffer()) : undefined
  return { status, headers, body }
}

/** The cookies that the app has set. */
function cookiesOf(response: NodeResponse): string[] {
  const { getHeader } = response as { getHeader?(name: string): unknown }
  const value = getHeader?.call(response, 'set-cookie')
  if (value === undefined) return []
  return Array.isArray(value) ? value.map(String) : [String(value)]
}

function webRequest(request: NodeRequest, origin: string): Request {
  const { method = 'GET' } = request
  const target = request.originalUrl ?? String(request.url ?? '/')
  // An absolute URL, as clients send it to proxies, must not replace the origin.
  const [, path = '', query = ''] = /^(?:[a-z]+:\/\/[^/?]*)?\/*([^?]*)(.*)$/is.exec(target) ?? []
  const hasBody = method !== 'GET' && method !== 'HEAD'
  return new Request(`${origin}/${path}${query}`, {
    method: isMethod(method) ? method : 'PUT',
    headers: headersOf(request),
    ...(hasBody && { body: bodyFrom(request), duplex: 'half' }),
  } as RequestInit)
}

/** Requests cannot have the methods CONNECT, TRACE and TRACK. All others than GET, HEAD and POST are refused. */
function isMethod(method: string): boolean {
  return !['CONNECT', 'TRACE', 'TRACK'].includes(method.toUpperCase())
}

function headersOf({ headers }: NodeRequest): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    // Pseudo-headers of HTTP/2.
    if (value === undefined || name.startsWith(':')) continue
    copy.set(name, typeof value === 'string' ? value : value.join(name === 'cookie' ? '; ' : ', '))
  }
  return copy
}

/** The body, read only when it is asked for, or what a body parser of the app has made of it. */
function bodyFrom(request: NodeRequest): ReadableStream<Uint8Array> | string {
  const { body } = request
  if (isPlainObject(body)) {
    const fields = Object.entries(body).filter(([, value]) => typeof value === 'string')
    return new URLSearchParams(fields as [string, string][]).toString()
  }
  if (typeof body === 'string') return body
  if (request.readableEnded) return ''
  let chunks: AsyncIterator<Uint8Array> | undefined
  // Cancelling it must not end the iterator, which would close the connection before the response.
  return new ReadableStream({
    async pull(controller) {
      chunks ??= request[Symbol.asyncIterator]()
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(new Uint8Array(value))
    },
  })
}
