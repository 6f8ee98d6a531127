/**
 * Work before the head of a Node response.
 *
 * Node sends the head when a handler calls `writeHead`, `write`, `end` or `flushHeaders`. These four methods are
 * replaced. At the first call the work is done. If it is done at once, the call goes on to Node. If it has to wait,
 * the calls are held and replayed in order, and the response behaves to everyone as if they had been made.
 *
 * The methods of a plain response are replaced for it alone, by functions that all responses share. Express gives
 * its responses another prototype, after which V8 makes a hidden class of its own for each response and each property
 * added to it. So there the methods are replaced once, in the prototype, which belongs to the app.
 *
 * @module
 */

import { isHeadSent, type NodeResponseLike } from '../../http/response.ts'
import { type HeadMethod, HeldResponse, isRefused, type Method } from './held-response.ts'
import type { ServerResponseLike } from './server-response.ts'

/** The work to do before the head of a response. */
export interface HeadTask {
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

const hookKey = Symbol('silverback.responseHook')

type Hooked = ServerResponseLike & { [hookKey]?: ResponseHook }
type Methods = Record<HeadMethod, Method>

const methodNames = ['writeHead', 'write', 'end', 'flushHeaders'] as const

/** The hooks of responses that have the prototype of an app. */
const hooksOfApps = new WeakMap<object, ResponseHook>()

/** The methods that app prototypes have instead of their own. */
const replacements = new WeakSet<Method>()

/**
 * Does the task before the head of the response is sent. Does nothing if the head has been sent.
 *
 * @param kind - for each response, only the first task of a kind counts; the last one added is done first
 */
export function beforeHead(response: ServerResponseLike, task: HeadTask, kind = 'sessions'): void {
  if (isHeadSent(response)) return
  const hook = (response as Hooked)[hookKey] ?? hooksOfApps.get(response)
  if (hook) hook.add(kind, task)
  else if (isOfApp(response)) hookIntoApp(response, kind, task)
  else hookInto(response, kind, task)
}

function hookInto(response: Hooked, kind: string, task: HeadTask): void {
  const methods = response as unknown as Methods
  response[hookKey] = new ResponseHook(response, methodsOf(methods), kind, task)
  methods.writeHead = ownMethods.writeHead
  methods.write = ownMethods.write
  methods.end = ownMethods.end
  if (response.flushHeaders) methods.flushHeaders = ownMethods.flushHeaders
}

function methodsOf({ writeHead, write, end, flushHeaders }: Methods): Methods {
  return { writeHead, write, end, flushHeaders }
}

const ownMethods = Object.fromEntries(
  methodNames.map(name => [
    name,
    function (this: Hooked, ...args: unknown[]): unknown {
      return (this[hookKey] as ResponseHook).call(name, args)
    },
  ]),
) as Methods

/** Whether the response has the prototype of an app, as in Express, and no methods of its own by other middleware. */
function isOfApp(response: object): boolean {
  return (
    Object.hasOwn(Object.getPrototypeOf(response) ?? response, 'app') &&
    !methodNames.some(name => Object.hasOwn(response, name))
  )
}

function hookIntoApp(response: ServerResponseLike, kind: string, task: HeadTask): void {
  let prototype = Object.getPrototypeOf(response)
  hooksOfApps.set(response, new ResponseHook(response, methodsOf(prototype), kind, task))
  // Those of the apps that this one is mounted in as well, to which the response may return.
  for (; Object.hasOwn(prototype, 'app'); prototype = Object.getPrototypeOf(prototype)) {
    for (const name of methodNames) {
      const isReplaced = Object.hasOwn(prototype, name) && replacements.has(prototype[name])
      if (!isReplaced) prototype[name] = replacementFor(name, prototype[name])
    }
  }
}

function replacementFor(name: HeadMethod, original: Method): Method {
  const replacement = function (this: object, ...args: unknown[]): unknown {
    const hook = hooksOfApps.get(this)
    return hook ? hook.call(name, args, original) : Reflect.apply(original, this, args)
  }
  replacements.add(replacement)
  return replacement
}

/** The hook of one response. To its tasks it is the response itself, of which the headers can be changed. */
class ResponseHook implements NodeResponseLike {
  readonly headersSent = false
  readonly #response: ServerResponseLike
  readonly #methods: Methods
  readonly #tasks: [kind: string, task: HeadTask][]
  #state: 'open' | 'waiting' | 'sent' | 'failed' = 'open'
  /** The task that is being done, or was done last. */
  #current: HeadTask | undefined
  #held: HeldResponse | undefined

  /** @param methods - those of the response that send */
  constructor(response: ServerResponseLike, methods: Methods, kind: string, task: HeadTask) {
    this.#response = response
    this.#methods = methods
    this.#tasks = [[kind, task]]
  }

  add(kind: string, task: HeadTask): void {
    if (!this.#tasks.some(([other]) => other === kind)) this.#tasks.push([kind, task])
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#response.getHeader(name)
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (this.#held) this.#held.setHeader(name, value)
    else this.#response.setHeader(name, value)
  }

  /** A call of the method by the handler, and what it is passed on to. */
  call(method: HeadMethod, args: unknown[], original = this.#methods[method]): unknown {
    if (this.#state === 'open' && method === 'flushHeaders') this.#writeHead()
    if (this.#state === 'waiting') return this.#held?.call(method, args)
    if (this.#state === 'open' && !isRefused(method, args)) return this.#begin(method, args)
    // What the handler still writes after its response was dropped, and the error page sent.
    if (this.#state === 'failed' && this.#response.writableEnded) {
      return method === 'write' ? true : this.#response
    }
    return Reflect.apply(original, this.#response, args)
  }

  /**
   * Node's `flushHeaders` calls `writeHead`, where other middleware finishes its headers and decides what to do
   * with the body. When `flushHeaders` is held, writes follow before Node would call it.
   */
  #writeHead(): void {
    this.#response.writeHead(this.#response.statusCode)
  }

  #begin(method: HeadMethod, args: unknown[]): unknown {
    const call = method === 'writeHead' ? foldHeaders(this.#response, args) : args
    this.#state = 'sent'
    const waiting = isHeadSent(this.#response) ? undefined : this.#run()
    if (!waiting) return Reflect.apply(this.#methods[method], this.#response, call)
    this.#state = 'waiting'
    this.#held = new HeldResponse(this.#response, this.#methods)
    waiting.then(
      () => this.#send(),
      error => this.#fail(error),
    )
    return this.#held.call(method, call)
  }

  /** Turns a throw into a rejection: thrown in the handler's `end`, it would throw again in its error page. */
  #run(): Promise<void> | undefined {
    try {
      return this.#runTasks()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #runTasks(): Promise<void> | undefined {
    for (let task = this.#tasks.pop(); task; task = this.#tasks.pop()) {
      this.#current = task[1]
      const waiting = this.#current.before(this)
      if (waiting) return this.#tasks.length > 0 ? waiting.then(() => this.#runTasks()) : waiting
    }
    return undefined
  }

  #send(): void {
    this.#state = 'sent'
    this.#held?.replay()
    this.#held = undefined
  }

  #fail(error: unknown): void {
    this.#state = 'failed'
    this.#held?.drop()
    this.#held = undefined
    this.#current?.failed(error)
  }
}

/** Moves the headers passed to `writeHead` to the response, so that `Set-Cookie` can be added to them. */
function foldHeaders(response: ServerResponseLike, [status, ...rest]: unknown[]): unknown[] {
  const message = typeof rest[0] === 'string' ? [rest.shift()] : []
  const headers = rest.find(each => typeof each === 'object' && each !== null)
  for (const [name, value] of headerEntries(headers)) response.setHeader(name, value)
  response.statusCode = Number(status)
  return [status, ...message]
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
