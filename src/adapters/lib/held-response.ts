/**
 * A Node response that is held back. To everyone it behaves as if it were sent.
 *
 * @module
 */

import type { ServerResponseLike } from './server-response.ts'

/** The methods that send the head. */
export type HeadMethod = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/** A method of a response. */
export type Method = (...args: unknown[]) => unknown

/** Methods that throw once the head has been sent. */
const headerChanges = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const

/** The responses that are currently held. */
const heldResponses = new WeakMap<object, HeldResponse>()

/** By the prototypes that responses have otherwise. */
const heldPrototypes = new WeakMap<object, object>()

/** Methods that add a listener. */
const subscriptions = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener']

type Listener = (...args: unknown[]) => void

/** Internal fields of Node's response. */
interface Internals {
  /** The head once it was made. All that depends on whether it was sent looks here. */
  _header?: string | null
  /** Whether `end` was called. */
  finished?: boolean
}

/**
 * Holds the calls of one response, from the first one that would have sent its head.
 *
 * Meanwhile Node itself has to take the response as sent, by the fields of which that depends. Properties or a
 * prototype of its own would show it just as well, but V8 then makes a hidden class for each response, and Node's own
 * code runs half as fast. They are for other kinds of responses, such as those of HTTP/2.
 */
export class HeldResponse {
  readonly #response: ServerResponseLike & Internals
  readonly #methods: Record<HeadMethod, Method>
  readonly #calls: [method: HeadMethod, args: unknown[]][] = []
  readonly #statusCode: number
  readonly #setHeader: Method
  readonly #isNative: boolean
  readonly #prototype: object
  #overrides: Overrides | undefined
  #hasEnded = false
  #length = 0
  /** Who waits for `drain`, from the first write that was answered with false. */
  #waiting: Listener[] | undefined
  #isDoomed = false

  /** @param methods - those of the response that send */
  constructor(response: ServerResponseLike, methods: Record<HeadMethod, Method>) {
    this.#response = response
    this.#methods = methods
    this.#statusCode = response.statusCode
    this.#setHeader = response.setHeader as Method
    this.#prototype = Object.getPrototypeOf(response)
    this.#isNative = pretendSent(response)
    if (this.#isNative) return
    heldResponses.set(response, this)
    Object.setPrototypeOf(response, heldPrototypeOf(this.#prototype))
    this.#overrideOwnFields()
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Sets a header, which the handler sees as already sent. */
  setHeader(name: string, value: unknown): void {
    if (this.#isNative) this.#response._header = null
    try {
      Reflect.apply(this.#setHeader, this.#response, [name, value])
    } finally {
      if (this.#isNative) this.#response._header = headOfHeld
    }
  }

  /** Holds a call, and returns what Node would return. Throws what Node throws for wrong arguments. */
  call(method: HeadMethod, args: unknown[]): unknown {
    if (isRefused(method, args)) return Reflect.apply(this.#methods[method], this.#response, args)
    if (method === 'writeHead' && this.#calls.length > 0) return this.refuse()
    if (this.#hasEnded) return this.#answerLate(method, args)
    this.#calls.push([method, args])
    if (method === 'end') this.#end()
    return method === 'write' ? this.#hasRoom(args) : this.#response
  }

  /** Throws what Node throws when a header is changed after the head. */
  refuse(): never {
    throw nodeError('Cannot set headers after they are sent to the client', 'ERR_HTTP_HEADERS_SENT')
  }

  /** Closes the connection once the response is sent. */
  doom(): void {
    this.#isDoomed = true
  }

  /** Makes the calls that were held. */
  replay(): void {
    this.#release()
    const response = this.#response
    response.statusCode = this.#statusCode
    let last: unknown
    try {
      for (const [method, args] of this.#calls) {
        last = Reflect.apply(this.#methods[method], response, args)
      }
    } catch (error) {
      response.destroy(error as Error)
    }
    this.#lowerShield()
    if (this.#waiting && last !== false && !response.writableNeedDrain) this.#drain(this.#waiting)
  }

  /** Drops the calls that were held. Their callbacks are called when the response closes. */
  drop(): void {
    this.#release()
    this.#lowerShield()
    for (const [, args] of this.#calls) {
      const callback = args.at(-1)
      if (typeof callback === 'function') this.#response.once('close', callback as () => void)
    }
  }

  /** Mocked responses have fields of their own, which hide those of the prototype. */
  #overrideOwnFields(): void {
    const response = this.#response
    const fields = { headersSent: () => true, writableEnded: () => this.#hasEnded }
    for (const [name, get] of Object.entries(fields)) {
      if (!Object.hasOwn(response, name)) continue
      this.#overrides ??= new Overrides()
      this.#overrides.set(response, name, { get })
    }
  }

  #end(): void {
    this.#hasEnded = true
    const { socket } = this.#response
    // Without a server's socket, the response is an adapter's for Lambda, which reads the body once this is true.
    const isServed = !socket || 'server' in socket
    if (this.#isNative && isServed) this.#response.finished = true
    if (socket) shield(socket, this)
  }

  #release(): void {
    const response = this.#response
    if (this.#isNative) {
      response._header = null
      if (this.#hasEnded) response.finished = false
    } else {
      heldResponses.delete(response)
      if (Object.getPrototypeOf(response) === heldPrototypeOf(this.#prototype)) {
        Object.setPrototypeOf(response, this.#prototype)
      }
    }
    this.#overrides?.restore()
  }

  #lowerShield(): void {
    const { socket } = this.#response
    if (!this.#hasEnded || !socket) return
    shielded.delete(socket)
    if (this.#isDoomed) this.#response.once('finish', () => socket.destroy())
  }

  /** Whether a writer may go on, as far as Node would let it without sending anything. */
  #hasRoom([chunk]: unknown[]): boolean {
    this.#length += (chunk as string | Uint8Array).length
    if (this.#length < (this.#response.writableHighWaterMark || 16_384)) return true
    if (!this.#waiting) this.#watchForDrain()
    return false
  }

  /** Other middleware may keep these listeners for a stream of its own, which has nothing to drain. */
  #watchForDrain(): void {
    const waiting: Listener[] = []
    this.#waiting = waiting
    this.#overrides ??= new Overrides()
    for (const name of subscriptions) {
      const subscribe = (this.#response as unknown as Record<string, Method>)[name]
      if (!subscribe) continue
      const value = function (this: unknown, event: unknown, listener: Listener): unknown {
        if (event === 'drain') waiting.push(listener)
        return Reflect.apply(subscribe, this, [event, listener])
      }
      this.#overrides.set(this.#response, name, { value })
    }
  }

  #drain(waiting: readonly Listener[]): void {
    const response = this.#response
    const known = response.listeners('drain')
    response.emit('drain')
    for (const listener of waiting)
      if (!known.includes(listener)) Reflect.apply(listener, response, [])
  }

  /** After `end`: as Node, except that an error that nobody listens for does not end the process. */
  #answerLate(method: HeadMethod, args: unknown[]): unknown {
    const response = this.#response
    const callback = args.find(each => typeof each === 'function') as Listener | undefined
    const hasChunk = method === 'write' || (args[0] != null && args[0] !== callback)
    if (method === 'flushHeaders') return undefined
    if (!hasChunk) {
      if (callback) response.once('finish', callback)
      return response
    }
    const error = nodeError('write after end', 'ERR_STREAM_WRITE_AFTER_END')
    queueMicrotask(() => {
      callback?.(error)
      if (response.listenerCount('error') > 0) response.emit('error', error)
    })
    return method === 'write' ? false : response
  }
}

/** Anything but empty: what is sent is made when the calls are replayed. */
const headOfHeld = 'held'

/** Makes Node take the response as sent. Returns whether it does. */
function pretendSent(response: ServerResponseLike & Internals): boolean {
  if (!Object.hasOwn(response, '_header') || !Object.hasOwn(response, 'finished')) return false
  const { _header } = response
  response._header = headOfHeld
  if (response.headersSent) return true
  response._header = _header ?? null
  return false
}

interface Closable {
  destroy(error?: Error): unknown
}

/** Responses that have ended and are held, by their sockets. */
const shielded = new WeakMap<Closable, HeldResponse>()

/** Sockets whose `destroy` has been replaced. */
const wrapped = new WeakSet<Closable>()

/**
 * Lets nobody close the socket of a response that is still to be sent: error handlers do, because they take it as
 * sent. Stays on the socket for the responses to come.
 */
function shield(socket: Closable, held: HeldResponse): void {
  const isShielded = wrapped.has(socket)
  wrapped.add(socket)
  shielded.set(socket, held)
  if (isShielded) return
  const { destroy } = socket
  // HTTP/2 calls it on the stream that the socket stands for.
  socket.destroy = function (this: Closable, ...args: unknown[]): unknown {
    const current = args[0] ? undefined : shielded.get(socket)
    if (!current) return Reflect.apply(destroy, this, args)
    current.doom()
    return this
  }
}

/** The prototype of responses that are held, instead of this one. */
function heldPrototypeOf(prototype: object): object {
  const known = heldPrototypes.get(prototype)
  if (known) return known
  const held = Object.create(prototype, {
    headersSent: { get: () => true },
    writableEnded: {
      get(this: object) {
        return heldResponses.get(this)?.hasEnded ?? Reflect.get(prototype, 'writableEnded', this)
      },
    },
  })
  for (const name of headerChanges) {
    const original = Reflect.get(prototype, name) as Method | undefined
    if (!original) continue
    held[name] = function (this: object, ...args: unknown[]): unknown {
      const response = heldResponses.get(this)
      return response ? response.refuse() : Reflect.apply(original, this, args)
    }
  }
  heldPrototypes.set(prototype, held)
  return held
}

/** Properties that are replaced for a time. */
class Overrides {
  readonly #originals: [target: object, name: string, own: PropertyDescriptor | undefined][] = []

  set(target: object, name: string, descriptor: PropertyDescriptor): void {
    this.#originals.push([target, name, Object.getOwnPropertyDescriptor(target, name)])
    Object.defineProperty(target, name, { ...descriptor, configurable: true })
  }

  restore(): void {
    for (const [target, name, own] of this.#originals.splice(0).reverse()) {
      Reflect.deleteProperty(target, name)
      if (own) Object.defineProperty(target, name, own)
    }
  }
}

/** True for calls whose arguments Node rejects, and for informational (1xx) responses, which are not the head. */
export function isRefused(method: HeadMethod, [first]: unknown[]): boolean {
  if (method === 'writeHead') return !(Number(first) >= 200 && Number(first) <= 999)
  const isChunk = typeof first === 'string' || first instanceof Uint8Array
  if (method === 'end') return !isChunk && typeof first !== 'function' && first != null
  return method === 'write' && !isChunk
}

function nodeError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code })
}
