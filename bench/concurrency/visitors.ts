/**
 * Visitors: browsers with a cookie each, shared by workers that send requests at the same time.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { randomNumbers } from '../../src/testing/random.ts'
import type { AppProcess } from './app-process.ts'
import {
  type Entry,
  type Kind,
  keyPrefix,
  type List,
  mixes,
  type Operation,
  type Reply,
  randomKind,
} from './operations.ts'

/** The browser of an owner. */
interface Browser {
  readonly owner: string
  readonly mix: keyof typeof mixes
  cookie: string | undefined
  isSignedIn: boolean
  /** The cookies that it had, newest last. */
  readonly history: string[]
}

/** How many old cookies and tokens are remembered. */
const memory = 10

/** The pause of a worker after a request that failed, in milliseconds. */
const pauseAfterFailure = 50

/** Sends random operations until it is stopped, and logs them. */
export class Visitors {
  /** In the order of their responses. */
  readonly entries: Entry[] = []
  readonly owners: readonly string[]
  readonly #apps: readonly AppProcess[]
  readonly #kinds: ReadonlySet<Kind>
  readonly #seed: number
  readonly #steady: readonly Browser[]
  readonly #busy: readonly Browser[]
  /** The newest sessions of each owner. */
  readonly #tokens = new Map<string, string[]>()
  #tokenCount = 0
  #isStopped = false

  constructor(apps: readonly AppProcess[], kinds: ReadonlySet<Kind>, seed: number) {
    this.#apps = apps
    this.#kinds = kinds
    this.#seed = seed
    const browsers = (mix: keyof typeof mixes, owners: number, each: number): Browser[] =>
      Array.from({ length: owners * each }, (_, index) => ({
        owner: `${mix}-${index % owners}`,
        mix,
        cookie: undefined,
        isSignedIn: false,
        history: [],
      }))
    this.#steady = browsers('steady', 2, 1)
    this.#busy = browsers('busy', 4, 3)
    this.owners = [...new Set([...this.#steady, ...this.#busy].map(({ owner }) => owner))]
  }

  /** Lets this many workers send requests. Resolves once they have been stopped. */
  async work(workers: number): Promise<void> {
    const numbers = Array.from({ length: workers }, (_, index) => index)
    await Promise.all(numbers.map(number => this.#runWorker(number)))
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Signs a visitor of no interest in, and resolves to whether that succeeded. */
  async probe(app: AppProcess): Promise<boolean> {
    const { outcome } = await this.#perform(app, this.#login('probe'), undefined)
    return outcome === 'acknowledged'
  }

  /** Reads the session behind every cookie, and the list of every owner. */
  async readFinalState(): Promise<void> {
    const cookies = new Set(this.entries.flatMap(({ newCookie }) => newCookie || []))
    const tasks: [Operation, string | undefined][] = [...cookies].map(cookie => [
      { kind: 'read' },
      cookie,
    ])
    if (this.#kinds.has('sessionsOf')) {
      for (const owner of this.owners) tasks.push([{ kind: 'sessionsOf', owner }, undefined])
    }
    const readers = Array.from({ length: 8 }, async (_, index) => {
      const app = this.#apps[index % this.#apps.length] as AppProcess
      for (let task = tasks.pop(); task; task = tasks.pop()) {
        await this.#perform(app, ...task, true)
      }
    })
    await Promise.all(readers)
  }

  async #runWorker(number: number): Promise<void> {
    const random = randomNumbers(this.#seed + number)
    const oneOf = <Item>(items: readonly Item[]): Item =>
      items[Math.floor(random() * items.length)] as Item
    for (let count = 1; !this.#isStopped; count++) {
      const browser = oneOf(random() < 0.35 ? this.#steady : this.#busy)
      const app = oneOf(this.#apps)
      // A slow request with an old id, or one of an attacker who has seen it.
      const isOld = browser.history.length > 0 && random() < 0.04
      const cookie = isOld ? oneOf(browser.history) : browser.cookie
      const kind = browser.isSignedIn
        ? randomKind(mixes[browser.mix], this.#kinds, random)
        : ('login' as const)
      const operation: Operation = isOld
        ? { kind: 'read' }
        : this.#operation(kind, browser, `w${number}`, count, random)
      const entry = await this.#perform(app, operation, needsNoCookie(kind) ? undefined : cookie)
      if (!isOld) update(browser, entry)
      if (entry.outcome !== 'acknowledged') await sleep(pauseAfterFailure)
    }
  }

  #operation(
    kind: Kind,
    { owner }: Browser,
    worker: string,
    count: number,
    random: () => number,
  ): Operation {
    const list: List = random() < 0.5 ? 'notes' : 'inbox'
    switch (kind) {
      case 'login':
        return this.#login(owner)
      case 'set':
        return { kind, key: keyPrefix + worker, value: count }
      case 'addFlash':
        return { kind, list, message: `${worker}-${count}` }
      case 'consume':
        return { kind, list }
      case 'rotate':
      case 'elevate':
        return { kind, increments: random() < 0.5 }
      case 'revoke': {
        const tokens = this.#tokens.get(owner) ?? []
        const token = tokens[Math.floor(random() * tokens.length)]
        return token === undefined ? { kind: 'sessionsOf', owner } : { kind, owner, token }
      }
      case 'sessionsOf':
      case 'revokeAll':
      case 'revokeOthers':
        return { kind, owner }
      default:
        return { kind }
    }
  }

  #login(owner: string): Operation {
    this.#tokenCount++
    return { kind: 'login', owner, token: `${owner}/${this.#tokenCount}` }
  }

  async #perform(
    app: AppProcess,
    operation: Operation,
    cookie: string | undefined,
    isFinal?: true,
  ): Promise<Entry> {
    const sent = performance.now()
    const response = await app.send(operation, cookie).catch((error: Error) => error)
    const received = performance.now()
    const entry: Entry = {
      operation,
      cookie,
      sent,
      received,
      ...(isFinal && { isFinal }),
      ...outcomeOf(response),
    }
    // A request that no process has received has changed nothing.
    if (!isRefusedConnection(response)) this.entries.push(entry)
    if (operation.kind === 'login' && entry.outcome === 'acknowledged') {
      const tokens = this.#tokens.get(operation.owner) ?? []
      this.#tokens.set(operation.owner, [...tokens, operation.token].slice(-memory))
    }
    return entry
  }
}

function needsNoCookie(kind: Kind): boolean {
  return kind === 'sessionsOf' || kind === 'revoke' || kind === 'revokeAll'
}

function isRefusedConnection(response: unknown): boolean {
  return response instanceof Error && 'code' in response && response.code === 'ECONNREFUSED'
}

function outcomeOf(
  response: Awaited<ReturnType<AppProcess['send']>> | Error,
): Pick<Entry, 'outcome' | 'reply' | 'newCookie' | 'error'> {
  if (response instanceof Error) {
    return { outcome: 'unknown', error: { code: 'no response', message: response.message } }
  }
  const { status, body, setCookie } = response
  if (status !== 200) {
    return { outcome: 'refused', error: JSON.parse(body) as NonNullable<Entry['error']> }
  }
  const newCookie = setCookie && cookieIn(setCookie)
  return { outcome: 'acknowledged', reply: JSON.parse(body) as Reply, newCookie }
}

/** The `Cookie` header for a line of `Set-Cookie`; empty if the line deletes the cookie. */
function cookieIn(line: string): string {
  return /; *max-age=0/i.test(line) ? '' : (line.split(';')[0] as string)
}

/** Does what a browser does with a response. */
function update(browser: Browser, { operation, cookie, reply, newCookie }: Entry): void {
  if (newCookie !== undefined && newCookie !== browser.cookie) {
    if (browser.cookie) browser.history.push(browser.cookie)
    if (browser.history.length > memory) browser.history.shift()
    browser.cookie = newCookie || undefined
    browser.isSignedIn = newCookie !== ''
    return
  }
  const isSignedOut = reply?.loaded !== undefined && reply.loaded.token === undefined
  if (isSignedOut && operation.kind !== 'login' && browser.cookie === cookie) {
    browser.isSignedIn = false
  }
}
