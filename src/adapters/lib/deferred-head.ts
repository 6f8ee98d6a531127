/**
 * A Node response whose head waits for a promise.
 *
 * Node writes the head of a response the moment that a handler calls `writeHead`, `write`, `end` or
 * `flushHeaders`, and no hook before it can wait. So these four are held back, from the first call until
 * what has to be done before the head is done, and then made as they came.
 *
 * @module
 */

import type { NodeResponseLike } from '../../http/response.ts'
import { sideTable } from '../../lib/side-table.ts'

/** The part of Node's `ServerResponse` that is used, of HTTP/1 and HTTP/2. */
export interface ServerResponseLike extends NodeResponseLike {
  statusCode: number
  readonly writableEnded: boolean
  readonly writableNeedDrain: boolean
  getHeaderNames(): string[]
  removeHeader(name: string): unknown
  writeHead(status: number, ...rest: never[]): unknown
  write(...args: never[]): boolean
  end(...args: never[]): unknown
  /** HTTP/2 has none. */
  flushHeaders?(): void
  destroy(error?: Error): unknown
  once(event: string, listener: () => void): unknown
  emit(event: string): boolean
}

const names = ['writeHead', 'write', 'end', 'flushHeaders'] as const
type Held = (typeof names)[number]

/** What Node refuses once the head is sent. */
const headerChanges = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

type Method = (...args: unknown[]) => unknown
type Methods = Partial<Record<Held, Method>>

/** What is to be done around the head of a response. */
export interface HeadTasks {
  /**
   * Called once, when the handler begins to respond; `headers` takes changes until the promise is
   * fulfilled. Undefined: there is nothing to wait for.
   */
  before(headers: NodeResponseLike): Promise<void> | undefined
  /**
   * Called when `before` failed. Nothing was sent, what the handler wrote is forgotten, and the response
   * is free for an error page.
   */
  failed(error: unknown): void
}

const deferred = sideTable<Set<string>>()

/**
 * Has `tasks` done before the head is sent.
 *
 * @param kind - of the tasks: of each kind the first call for a response counts
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
  /** Which of the methods the object had itself: somebody else replaced them before. */
  readonly #own: ReadonlySet<Held>
  /** Properties of the response that are overridden while it waits, and what they were. */
  readonly #hidden: [name: string, own: PropertyDescriptor | undefined][] = []
  #state: 'open' | 'waiting' | 'sent' | 'failed' = 'open'
  #calls: [method: Held, args: unknown[]][] = []

  constructor(response: ServerResponseLike, tasks: HeadTasks) {
    this.#response = response
    this.#tasks = tasks
    const methods = response as unknown as Methods
    this.#own = new Set(names.filter(name => Object.hasOwn(response, name)))
    for (const name of names) {
      const original = methods[name]
      if (!original) continue
      this.#originals[name] = original
      this.#replacements[name] = (...args) => this.#called(name, args)
      methods[name] = this.#replacements[name]
    }
  }

  #called(method: Held, args: unknown[]): unknown {
    if (this.#state === 'failed' && this.#response.writableEnded)
      return answerOf(method, this.#response)
    if (this.#state === 'open' && !isRefused(method, args)) {
      if (method === 'writeHead') args = this.#foldHeaders(args)
      this.#begin()
    }
    if (this.#state !== 'waiting') return this.#call(method, args)
    return this.#hold(method, args)
  }

  #call(method: Held, args: unknown[]): unknown {
    return Reflect.apply(this.#originals[method] as Method, this.#response, args)
  }

  #hold(method: Held, args: unknown[]): unknown {
    // Refusals come where the mistake is, as without us.
    if (isRefused(method, args)) return this.#call(method, args)
    if (method === 'writeHead' && this.#calls.length > 0) throw headersSent()
    // Node ignores an end after the end, and so do we: replayed, it would be an unhandled error event.
    if (this.#hasEnded()) return answerOf(method, this.#response)
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

  /** A throw must not surface in the handler's `end`: there its error page would meet it again. */
  #runBefore(): Promise<void> | undefined {
    try {
      return this.#tasks.before(this.#headers())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Puts the headers given to `writeHead` beside those set before, where others are added to them. */
  #foldHeaders([status, ...rest]: unknown[]): unknown[] {
    const message = typeof rest[0] === 'string' ? [rest.shift()] : []
    const headers = rest.find(each => typeof each === 'object' && each !== null)
    for (const [name, value] of headerEntries(headers)) this.#response.setHeader(name, value)
    this.#response.statusCode = Number(status)
    return [status, ...message]
  }

  /** The headers as they are, while the handler sees them as sent. */
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

  /** To the handler the head is sent: changing a header throws, as it does without us. */
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
    // Whoever was told to wait goes on; Node says so itself when its own buffer is full.
    const waits = calls.some(([method]) => method === 'write') && !this.#response.writableEnded
    if (waits && !this.#response.writableNeedDrain) this.#response.emit('drain')
  }

  #fail(error: unknown): void {
    const dropped = this.#calls
    this.#calls = []
    this.#state = 'failed'
    this.#stopPretending()
    // Handlers that wait until their words are sent may go on when all is over.
    for (const [, args] of dropped) {
      const callback = args.at(-1)
      if (typeof callback === 'function') this.#response.once('close', callback as () => void)
    }
    this.#tasks.failed(error)
  }

  /** Leaves no trace, unless others replaced the methods after us. */
  #release(): void {
    this.#state = 'sent'
    const methods = this.#response as unknown as Methods
    for (const name of names) {
      const original = this.#originals[name]
      if (!original || methods[name] !== this.#replacements[name]) continue
      if (this.#own.has(name)) methods[name] = original
      else Reflect.deleteProperty(this.#response, name)
    }
  }
}

/** True for calls that Node refuses at once, and for informational responses, which are no head. */
function isRefused(method: Held, [first]: unknown[]): boolean {
  if (method === 'writeHead') return !(Number(first) >= 200 && Number(first) <= 999)
  const isChunk = typeof first === 'string' || first instanceof Uint8Array
  if (method === 'end') return !isChunk && typeof first !== 'function' && first != null
  return method === 'write' && !isChunk
}

/** What a method answers that has nothing left to do. */
function answerOf(method: Held, response: ServerResponseLike): unknown {
  return method === 'write' ? true : response
}

/** The headers in any of the forms that `writeHead` takes: an object, a flat list, a list of pairs. */
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
