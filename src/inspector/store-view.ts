/**
 * A store as the inspector sees it: what it can list, read and end.
 *
 * @module
 */

import { isCookieName } from '../http/cookie.ts'
import { describeKind } from '../lib/describe.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import type { Observer } from '../session/events.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { Capability, Store } from '../session/store.ts'
import type { CountOptions, SessionDetails, SessionInfo } from '../stores/server-store.ts'
import type { SessionStore } from '../stores/session-store.ts'

/** A store, or a session of a store that was defined. */
export type Inspectable = SessionStore | SessionSource<object>

/** How many sessions a page has, and how many pages there are: nobody leafs through more. */
export const pageSize = 50
export const maxPages = 20
/** How many sessions of one owner are listed. */
export const maxOfOwner = 200
/** How far sessions are counted, how long that may take, and how long the result is kept, in milliseconds. */
const countLimit = 100_000
const countTimeMs = 2000
const countKeptMs = 10_000

/** The parts of a store that only some have. Stores of another copy of the library have them as well. */
type AnyStore = Store & {
  observe(observer: Observer): () => void
  sessions?(options: { signal?: AbortSignal }): AsyncIterableIterator<SessionInfo>
  sessionsOf?(owner: string, options: { limit: number }): Promise<SessionInfo[]>
  inspect?(handle: string): Promise<SessionDetails | undefined>
  count?(options: CountOptions): Promise<number>
  revoke?(handle: string): Promise<boolean>
  revokeAll?(owner: string, options: { except?: string }): Promise<number | undefined>
  revokeEverything?(): Promise<void>
}

/** A page of sessions. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[]
  readonly hasMore: boolean
}

/** How many sessions there are: `isMore` if counting was stopped at `count`. */
export interface Count {
  readonly count: number
  readonly isMore: boolean
}

export class StoreView {
  /** What it is called in the options of the inspector. */
  readonly label: string
  readonly store: AnyStore
  /** The session of the store that is inspected; undefined: all of them. */
  readonly name: string | undefined
  readonly #now: () => number
  #counted: { readonly at: number; readonly result: Promise<Count | undefined> } | undefined

  /** Throws a TypeError for anything but a store or a definition. */
  constructor(label: string, given: Inspectable, now: () => number) {
    const isSource = isPlainObject(given) && 'store' in given
    this.label = label
    this.store = (isSource ? given.store : given) as AnyStore
    this.name = isSource ? (given as SessionSource).name : undefined
    this.#now = now
    if (typeof this.store?.observe === 'function') return
    throw new TypeError(
      `stores.${label} must be a store of this library or a defined session, not ${describeKind(given)}`,
    )
  }

  /** The class of the store; undefined where a bundler has renamed it. */
  get kind(): string | undefined {
    const name: unknown = this.store.constructor?.name
    return typeof name === 'string' && name.endsWith('Store') ? name : undefined
  }

  /** The name of its cookie, as far as it can be guessed. */
  get cookieName(): string {
    return this.name ?? (isCookieName(this.label) ? this.label : '')
  }

  can(capability: Capability): boolean {
    return this.store.capabilities?.has(capability) ?? false
  }

  get canRevoke(): boolean {
    return this.store.revoke !== undefined
  }

  get canRevokeOwner(): boolean {
    return this.can('owners') && this.store.revokeAll !== undefined
  }

  get canRevokeEverything(): boolean {
    return this.can('revocation') && this.store.revokeEverything !== undefined
  }

  /** Whether the event, or the session, is one of the inspected name. */
  covers(event: object): boolean {
    const name = 'name' in event ? event.name : undefined
    return this.name === undefined || name === undefined || name === this.name
  }

  /**
   * A page of all sessions, from 1. Reads those of the pages before it as well: backends have no order in which a
   * page could be found directly.
   */
  async page(number: number): Promise<SessionPage> {
    const first = (number - 1) * pageSize
    const sessions: SessionInfo[] = []
    let index = 0
    let scanned = 0
    for await (const info of this.store.sessions?.({}) ?? []) {
      // The sessions of other names in the same backend are read too.
      if (++scanned > 2 * maxPages * pageSize) break
      if (!this.covers(info)) continue
      if (index++ < first) continue
      if (sessions.length === pageSize) return { sessions, hasMore: true }
      sessions.push(info)
    }
    return { sessions, hasMore: false }
  }

  async ofOwner(owner: string): Promise<SessionPage> {
    const sessions = (await this.store.sessionsOf?.(owner, { limit: maxOfOwner })) ?? []
    return {
      sessions: sessions.filter(info => this.covers(info)),
      hasMore: sessions.length >= maxOfOwner,
    }
  }

  async session(handle: string): Promise<SessionDetails | undefined> {
    const found = await this.store.inspect?.(handle)
    return found && this.covers(found) ? found : undefined
  }

  /** How many sessions there are, counted at most every ten seconds; undefined if that cannot be found out. */
  count(): Promise<Count | undefined> {
    const at = this.#now()
    if (this.#counted && at - this.#counted.at < countKeptMs) return this.#counted.result
    const result = this.#count().catch(() => undefined)
    this.#counted = { at, result }
    return result
  }

  async #count(): Promise<Count | undefined> {
    if (!this.can('enumeration') || !this.store.count) return undefined
    const count = await this.store.count({
      limit: countLimit,
      signal: AbortSignal.timeout(countTimeMs),
    })
    return { count, isMore: count >= countLimit }
  }

  async revoke(handle: string): Promise<number> {
    return (await this.store.revoke?.(handle)) ? 1 : 0
  }

  /** Resolves to how many were ended, if the store knows. */
  async revokeOwner(owner: string, except?: string): Promise<number | undefined> {
    const count = await this.store.revokeAll?.(owner, except === undefined ? {} : { except })
    return typeof count === 'number' ? count : undefined
  }

  async revokeEverything(): Promise<void> {
    await this.store.revokeEverything?.()
  }
}
