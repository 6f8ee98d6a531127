/**
 * Delays the head of a Node response until a promise settles.
 *
 * Node sends the head when a handler calls `writeHead`, `write`, `end` or `flushHeaders`, and offers no
 * asynchronous hook before it. These four methods are therefore replaced. Calls are queued from the first
 * one until the work before the head is done, and then replayed in order.
 *
 * @module
 */

import type { NodeResponseLike } from '../../http/response.ts'
import { sideTable } from '../../lib/side-table.ts'

/** The subset of Node's `ServerResponse` that we use, for HTTP/1 and HTTP/2. */
export interface ServerResponseLike extends NodeResponseLike {
  statusCode: number
  readonly writableEnded: boolean
  readonly writableNeedDrain: boolean
  getHeaderNames(): string[]
  removeHeader(name: string): unknown
  writeHead(status: number, ...rest: never[]): unknown
  write(...args: never[]): boolean
  end(...args: never[]): unknown
  /** Missing in HTTP/2. */
  flushHeaders?(): void
  destroy(error?: Error): unknown
  once(event: string, listener: () => void): unknown
  emit(event: string): boolean
}

const methodNames = ['writeHead', 'write', 'end', 'flushHeaders'] as const
type HeadMethod = (typeof methodNames)[number]

/** Methods that throw in Node once the head has been sent. */
const headerChanges = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

type Method = (...args: unknown[]) => unknown
type Methods = Partial<Record<HeadMethod, Method>>

/** The work to do before the head of a response. */
export interface HeadTasks {
  /**
   * Called once, when the handler begins to respond. `headers` may be changed until the returned promise
   * settles. Returns undefined if the head need not wait.
   */
  before(headers: NodeResponseLike): Promise<void> | undefined
  /**
   * Called when `before` throws or rejects. Nothing has been sent, the handler's output has been dropped,
   * and the response can take an error page.
   */
  failed(error: unknown): void
}

const deferred = sideTable<Set<string>>()

/**
 * Runs `tasks` before the head of the response is sent. Does nothing if the head has been sent.
 *
 * @param kind - groups tasks: for each response, only the first call of a kind has an effect
 */
export function deferHead(response: ServerResponseLike, tasks: HeadTasks, kind = 'sessions'): void {
  const kinds = deferred.get(response) ?? new Set()
  if (kinds.has(kind) || response.headersSent) return
  deferred.set(response, kinds.add(kind))
  new DeferredHead(response, tasks)
}

class DeferredHead {
  readonly #response: ServerResponseLike
  readonly #tasks: HeadTasks
  readonly #originals: Methods = {}
  readonly #replacements: Methods = {}
  /** Methods that were own properties of the response, because other middleware had replaced them. */
  readonly #own: ReadonlySet<HeadMethod>
  /** Properties of the response that are overridden while it waits, with their own descriptors. */
  readonly #hidden: [name: string, own: PropertyDescriptor | undefined][] = []
  #state: 'open' | 'waiting' | 'sent' | 'failed' = 'open'
  #calls: [method: HeadMethod, args: unknown[]][] = []

  constructor(response: ServerResponseLike, tasks: HeadTasks) {
    this.#response = response
    this.#tasks = tasks
    const methods = response as unknown as Methods
    this.#own = new Set(methodNames.filter(name => Object.hasOwn(response, name)))
    for (const name of methodNames) {
      const original = methods[name]
      if (!original) continue
      this.#originals[name] = original
      this.#replacements[name] = (...args) => this.#intercept(name, args)
      methods[name] = this.#replacements[name]
    }
  }

  #intercept(method: HeadMethod, args: unknown[]): unknown {
    if (this.#state === 'failed' && this.#response.writableEnded)
      return returnValueOf(method, this.#response)
    if (this.#state === 'open' && !isRefused(method, args)) {
      if (method === 'writeHead') args = this.#mergeHeaders(args)
      this.#begin()
    }
    if (this.#state !== 'waiting') return this.#call(method, args)
    return this.#hold(method, args)
  }

  #call(method: HeadMethod, args: unknown[]): unknown {
    return Reflect.apply(this.#originals[method] as Method, this.#response, args)
  }

  #hold(method: HeadMethod, args: unknown[]): unknown {
    // Invalid arguments throw in the handler's own call, as they do in Node.
    if (isRefused(method, args)) return this.#call(method, args)
    if (method === 'writeHead' && this.#calls.length > 0) throw headersSent()
    // Node ignores calls after `end`. Replaying one would emit an unhandled error event.
    if (this.#hasEnded()) return returnValueOf(method, this.#response)
    this.#calls.push([method, args])
    return method === 'write' ? false : this.#response
  }

  #begin(): void {
    const { statusCode, headersSent } = this.#response
    const waiting = headersSent ? undefined : this.#runBefore()
    if (!waiting) {
      this.#release()
      return
    }
    this.#state = 'waiting'
    this.#pretendSent()
    waiting.then(
      () => this.#send(statusCode),
      error => this.#fail(error),
    )
  }

  /** Turns a throw into a rejection: thrown in the handler's `end`, it would throw again in its error page. */
  #runBefore(): Promise<void> | undefined {
    try {
      return this.#tasks.before(this.#headers())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Moves the headers passed to `writeHead` to the response, so that `Set-Cookie` can be added to them. */
  #mergeHeaders([status, ...rest]: unknown[]): unknown[] {
    const message = typeof rest[0] === 'string' ? [rest.shift()] : []
    const headers = rest.find(each => typeof each === 'object' && each !== null)
    for (const [name, value] of headerEntries(headers)) this.#response.setHeader(name, value)
    this.#response.statusCode = Number(status)
    return [status, ...message]
  }

  /** Access to the real headers, which the handler sees as already sent. */
  #headers(): NodeResponseLike {
    const response = this.#response
    const setHeader = response.setHeader
    return {
      headersSent: false,
      getHeader: name => response.getHeader(name),
      setHeader: (name, value) => Reflect.apply(setHeader, response, [name, value]),
    }
  }

  #hasEnded(): boolean {
    return this.#calls.some(([method]) => method === 'end')
  }

  /** Makes the head look sent to the handler, so that changing a header throws as it does in Node. */
  #pretendSent(): void {
    const shown = {
      headersSent: { get: () => true },
      writableEnded: { get: () => this.#hasEnded() },
      ...Object.fromEntries(headerChanges.map(name => [name, { value: refuseHeader }])),
    }
    for (const [name, descriptor] of Object.entries(shown)) {
      const own = Object.getOwnPropertyDescriptor(this.#response, name)
      this.#hidden.push([name, own])
      Object.defineProperty(this.#response, name, { ...descriptor, configurable: true })
    }
  }

  #stopPretending(): void {
    for (const [name, own] of this.#hidden.splice(0)) {
      Reflect.deleteProperty(this.#response, name)
      if (own) Object.defineProperty(this.#response, name, own)
    }
  }

  #send(statusCode: number): void {
    const calls = this.#calls
    this.#stopPretending()
    this.#release()
    this.#response.statusCode = statusCode
    try {
      for (const [method, args] of calls) this.#call(method, args)
    } catch (error) {
      this.#response.destroy(error as Error)
      return
    }
    // Held writes returned false, so their writer waits for `drain`. Node emits it only if its buffer is full.
    const waits = calls.some(([method]) => method === 'write') && !this.#response.writableEnded
    if (waits && !this.#response.writableNeedDrain) this.#response.emit('drain')
  }

  #fail(error: unknown): void {
    const dropped = this.#calls
    this.#calls = []
    this.#state = 'failed'
    this.#stopPretending()
    // Handlers may wait for the callbacks of dropped calls: call those when the response closes.
    for (const [, args] of dropped) {
      const callback = args.at(-1)
      if (typeof callback === 'function') this.#response.once('close', callback as () => void)
    }
    this.#tasks.failed(error)
  }

  /** Restores the original methods, except those that other middleware has replaced since. */
  #release(): void {
    this.#state = 'sent'
    const methods = this.#response as unknown as Methods
    for (const name of methodNames) {
      const original = this.#originals[name]
      if (!original || methods[name] !== this.#replacements[name]) continue
      if (this.#own.has(name)) methods[name] = original
      else Reflect.deleteProperty(this.#response, name)
    }
  }
}

/** True for calls whose arguments Node rejects, and for informational (1xx) responses, which are not the head. */
function isRefused(method: HeadMethod, [first]: unknown[]): boolean {
  if (method === 'writeHead') return !(Number(first) >= 200 && Number(first) <= 999)
  const isChunk = typeof first === 'string' || first instanceof Uint8Array
  if (method === 'end') return !isChunk && typeof first !== 'function' && first != null
  return method === 'write' && !isChunk
}

/** The return value of a method once the response has ended. */
function returnValueOf(method: HeadMethod, response: ServerResponseLike): unknown {
  return method === 'write' ? true : response
}

/** The headers in each form that `writeHead` accepts: an object, a flat array, or an array of pairs. */
function headerEntries(headers: unknown): [string, string | string[]][] {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {}).filter(([name]) => name !== '')
  const flat: unknown[] = headers.flat(1)
  const values = new Map<string, [name: string, values: string[]]>()
  for (let index = 0; index < flat.length; index += 2) {
    const name = String(flat[index])
    const entry = values.get(name.toLowerCase()) ?? [name, []]
    entry[1].push(...[flat[index + 1] as string].flat())
    values.set(name.toLowerCase(), entry)
  }
  return [...values.values()].map(([name, list]) => [
    name,
    list.length === 1 ? (list[0] as string) : list,
  ])
}

function refuseHeader(): never {
  throw headersSent()
}

function headersSent(): Error {
  const error = new Error('Cannot set headers after they are sent to the client')
  return Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' })
}
