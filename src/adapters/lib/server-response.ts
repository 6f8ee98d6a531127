/**
 * What adapters use of Node's response.
 *
 * @module
 */

import type { NodeResponseLike } from '../../http/response.ts'

/** The subset of Node's `ServerResponse` that we use, for HTTP/1 and HTTP/2. */
export interface ServerResponseLike extends NodeResponseLike {
  statusCode: number
  readonly writableEnded: boolean
  readonly writableNeedDrain: boolean
  readonly writableHighWaterMark: number
  getHeaderNames(): string[]
  removeHeader(name: string): unknown
  writeHead(status: number, ...rest: never[]): unknown
  write(...args: never[]): boolean
  end(...args: never[]): unknown
  /** Missing in HTTP/2. */
  flushHeaders?(): void
  readonly socket?: { destroy(error?: Error): unknown } | null
  destroy(error?: Error): unknown
  once(event: string, listener: () => void): unknown
  listeners(event: string): unknown[]
  listenerCount(event: string): number
  emit(event: string, ...args: unknown[]): boolean
}
