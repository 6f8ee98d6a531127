/**
 * Watching sessions for their end, for open sockets and streams.
 *
 * @module
 */

import type { PubSub } from '../../backends/pubsub.ts'

/** Sessions that have ended, or one that has got another key. Keys and owners are hashes. */
export type Notice =
  | { readonly ended: readonly string[] }
  | { readonly owner: string; readonly except: readonly string[] }
  | { readonly moved: readonly [from: string, to: string] }
  | { readonly everything: true }

/** What is watched: one session, whose owner may be known, or every session of an owner. */
export interface Watched {
  key?: string | undefined
  readonly owner?: string | undefined
}

interface Watch {
  readonly watched: Watched
  readonly listener: () => void
}

/** Passes notices to the watchers they concern. Subscribes only while there are watchers. */
export class Watchers {
  readonly #pubsub: PubSub
  readonly #watches = new Set<Watch>()
  #unsubscribe: Promise<() => Promise<void>> | undefined

  constructor(pubsub: PubSub) {
    this.#pubsub = pubsub
  }

  notify(notice: Notice): Promise<void> {
    return this.#pubsub.publish(JSON.stringify(notice))
  }

  /** Calls `listener` once, when it has ended. Resolves to an unsubscribe function. */
  async add(watched: Watched, listener: () => void): Promise<() => Promise<void>> {
    const watch = { watched: { ...watched }, listener }
    this.#watches.add(watch)
    try {
      this.#unsubscribe ??= this.#pubsub.subscribe(text => this.#receive(text))
      await this.#unsubscribe
    } catch (error) {
      this.#unsubscribe = undefined
      this.#watches.delete(watch)
      throw error
    }
    return () => this.#remove(watch)
  }

  async #remove(watch: Watch): Promise<void> {
    this.#watches.delete(watch)
    if (this.#watches.size > 0 || !this.#unsubscribe) return
    const unsubscribe = this.#unsubscribe
    this.#unsubscribe = undefined
    await (await unsubscribe)()
  }

  #receive(text: string): void {
    const notice = parse(text)
    if (!notice) return
    for (const watch of [...this.#watches]) {
      if ('moved' in notice) follow(watch.watched, notice.moved)
      else if (concerns(notice, watch.watched)) this.#call(watch)
    }
  }

  #call(watch: Watch): void {
    // A socket closes once, whatever happens afterwards.
    void this.#remove(watch).catch(() => undefined)
    watch.listener()
  }
}

function follow(watched: Watched, [from, to]: readonly [string, string]): void {
  if (watched.key === from) watched.key = to
}

function concerns(notice: Exclude<Notice, { moved: unknown }>, { key, owner }: Watched): boolean {
  if ('everything' in notice) return true
  if ('ended' in notice) return key !== undefined && notice.ended.includes(key)
  return notice.owner === owner && (key === undefined || !notice.except.includes(key))
}

/** undefined for anything but a notice: other programs may publish on the same channel. */
function parse(text: string): Notice | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isNotice(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isNotice(value: unknown): value is Notice {
  if (typeof value !== 'object' || value === null) return false
  const { ended, owner, except, moved, everything } = value as Record<string, unknown>
  return (
    everything === true ||
    Array.isArray(ended) ||
    (Array.isArray(moved) && moved.length === 2) ||
    (typeof owner === 'string' && Array.isArray(except))
  )
}
