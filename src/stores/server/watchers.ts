/**
 * Watching sessions for their end, for open sockets and streams.
 *
 * Notices report sessions that were ended. The backend is asked when a session expires, and when notices may
 * have been lost.
 *
 * @module
 */

import type { PubSub } from '../../backends/pubsub.ts'
import type { Epoch } from '../revocation/epoch.ts'
import type { OwnerEpochs } from '../revocation/owner-epochs.ts'
import { EndChecks } from './end-checks.ts'
import type { Records } from './records.ts'
import { type Notice, type Watched, WatchedOwner, WatchedSession } from './watched.ts'

export type { Notice } from './watched.ts'

/** What watchers work with. */
export interface WatchersOptions {
  readonly pubsub: PubSub
  readonly records: Records
  readonly epoch: Epoch
  readonly ownerEpochs: OwnerEpochs
  readonly now: () => number
  /** Called when a check fails, a listener throws, or a subscription cannot be ended. */
  readonly onFailure: (error: Error) => void
}

interface Watch {
  readonly watched: Watched
  readonly listener: () => void
}

/** Calls the listeners of sessions that have ended. Subscribes only while there are listeners. */
export class Watchers {
  readonly #options: WatchersOptions
  readonly #watches = new Set<Watch>()
  readonly #checks: EndChecks<Watch>
  #subscription: Promise<() => Promise<void>> | undefined

  constructor(options: WatchersOptions) {
    const { epoch, now, onFailure } = options
    this.#options = options
    this.#checks = new EndChecks({
      watches: this.#watches,
      epoch,
      now,
      onEnd: watch => this.#end(watch),
      onFailure,
    })
  }

  /** Publishes a notice. Rejects when it cannot be published: listeners of this store are called all the same. */
  async notify(notice: Notice): Promise<void> {
    this.#receive(notice)
    await this.#options.pubsub.publish(JSON.stringify(notice))
  }

  /**
   * Calls `listener` once, when the session with this key has ended or expired: at once if it has already.
   * Resolves with an unsubscribe function, which never rejects. Rejects if it cannot subscribe, or cannot read the
   * session.
   */
  addSession(
    key: string,
    owner: string | undefined,
    listener: () => void,
  ): Promise<() => Promise<void>> {
    const watched = new WatchedSession(key, owner, this.#options.records)
    return this.#add({ watched, listener })
  }

  /** Calls `listener` once, when all sessions of the owner are ended. Like {@link addSession} otherwise. */
  async addOwner(owner: string, listener: () => void): Promise<() => Promise<void>> {
    const { epoch, ownerEpochs } = this.#options
    // Before the subscription, so that what happens meanwhile is found by the check after it.
    const epochs = await Promise.all([epoch.latest(), ownerEpochs.current(owner)])
    const watched = new WatchedOwner(owner, ownerEpochs, ...epochs)
    return this.#add({ watched, listener })
  }

  async #add(watch: Watch): Promise<() => Promise<void>> {
    this.#watches.add(watch)
    try {
      await this.#subscribe()
      // It may have ended before the subscription began.
      if (await watch.watched.hasEnded(await this.#options.epoch.latest())) this.#end(watch)
      else if (this.#watches.has(watch)) this.#checks.schedule(watch)
    } catch (error) {
      await this.#remove(watch)
      throw error
    }
    return () => this.#remove(watch)
  }

  #subscribe(): Promise<() => Promise<void>> {
    if (this.#subscription) return this.#subscription
    const subscription = this.#options.pubsub.subscribe(
      text => {
        const notice = parse(text)
        if (notice) this.#receive(notice)
      },
      () => this.#checks.checkAll(),
    )
    this.#subscription = subscription
    subscription.catch(() => {
      if (this.#subscription === subscription) this.#subscription = undefined
    })
    return subscription
  }

  async #remove(watch: Watch): Promise<void> {
    this.#watches.delete(watch)
    if (this.#watches.size > 0) return
    this.#checks.stop()
    const subscription = this.#subscription
    this.#subscription = undefined
    try {
      await (await subscription)?.()
    } catch (error) {
      this.#options.onFailure(error as Error)
    }
  }

  #receive(notice: Notice): void {
    for (const watch of [...this.#watches]) {
      if (watch.watched.receive(notice)) this.#end(watch)
    }
  }

  #end(watch: Watch): void {
    // Once, whatever else ends it.
    if (!this.#watches.has(watch)) return
    void this.#remove(watch)
    try {
      watch.listener()
    } catch (error) {
      // The other listeners have to be called all the same.
      this.#options.onFailure(error as Error)
    }
  }
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
