/**
 * Pub/sub over LISTEN and NOTIFY of PostgreSQL.
 *
 * @module
 */

import { assertKnownOptions } from '../../lib/assert-options.ts'
import type { PubSub } from '../pubsub.ts'
import { type Subscription, Subscriptions } from './subscriptions.ts'

/** A Pool of `pg`. One of its connections listens as long as there are subscribers. */
export interface PgListener {
  readonly totalCount: number
  query(text: string, params?: unknown[]): Promise<unknown>
  connect(): Promise<PgConnection>
}

/** A connection from a Pool of `pg`. */
export interface PgConnection {
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  on(event: 'error' | 'end', listener: () => void): unknown
  off(event: 'notification', listener: (message: PgNotification) => void): unknown
  /** With true, closes the connection instead of using it again. */
  release(isClosed: boolean): void
}

/** A notification as `pg` emits it. */
export interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** The `sql` function of the package `postgres`, which opens its own connection to listen. */
export interface PostgresJsListener {
  /** Calls `onListen` whenever it listens: at first, and again after the connection was lost. */
  listen(
    channel: string,
    listener: (payload: string) => void,
    onListen?: () => void,
  ): PromiseLike<{ unlisten(): Promise<void> }>
  notify(channel: string, payload: string): PromiseLike<unknown>
}

/** Options of {@link postgresPubSub}. */
export interface PostgresPubSubOptions {
  /** The channel: lower-case letters, digits and `_`. Default `silverback_notices`. */
  channel?: string
}

/** The pauses in milliseconds between attempts to connect again: doubled each time. */
const pauses = { first: 100, longest: 10_000 }

/**
 * Returns a PubSub over a PostgreSQL channel.
 *
 * Throws a TypeError for an invalid channel, an unknown option, and a Client of `pg`.
 *
 * @param client - a Pool of `pg`, or the `sql` function of `postgres`. A Client of `pg` is refused, because it
 *   cannot connect again when its connection is lost.
 */
export function postgresPubSub(
  client: PgListener | PostgresJsListener,
  options: PostgresPubSubOptions = {},
): PubSub {
  assertKnownOptions('postgresPubSub', options, ['channel'])
  const { channel = 'silverback_notices' } = options
  // LISTEN takes no parameters, so the name becomes part of the statement.
  if (!/^[a-z_][a-z\d_]{0,62}$/.test(channel)) {
    throw new TypeError(
      'channel must be at most 63 lower-case letters, digits and _, and must not begin with a digit',
    )
  }
  if ('listen' in client) return overPostgresJs(client, channel)
  if (client.totalCount === undefined) {
    throw new TypeError(
      'postgresPubSub takes a Pool of pg, or sql of postgres: a Client cannot connect again when its connection is lost',
    )
  }
  return overPg(client, channel)
}

function overPostgresJs(client: PostgresJsListener, channel: string): PubSub {
  return {
    async publish(notice) {
      await client.notify(channel, notice)
    },
    async subscribe(listener, onGap) {
      // The driver keeps the listener if it could not listen, or if it has connected again since.
      let isSubscribed = true
      let isFirst = true
      const onPayload = (payload: string): void => {
        if (isSubscribed) listener(payload)
      }
      const onListen = (): void => {
        if (isSubscribed && !isFirst) onGap?.()
        isFirst = false
      }
      try {
        const { unlisten } = await client.listen(channel, onPayload, onListen)
        return async () => {
          isSubscribed = false
          await unlisten()
        }
      } catch (error) {
        isSubscribed = false
        throw error
      }
    },
  }
}

function overPg(pool: PgListener, channel: string): PubSub {
  const listening = new PgListening(pool, channel)
  return {
    async publish(notice) {
      await pool.query('SELECT pg_notify($1, $2)', [channel, notice])
    },
    subscribe: (listener, onGap) => listening.subscribe({ listener, onGap }),
  }
}

/** Listens on one connection while there are subscribers, and on another one when it is lost. */
class PgListening {
  readonly #pool: PgListener
  readonly #channel: string
  readonly #subscriptions = new Subscriptions()
  /** Closes the connection that listens. */
  #opened: Promise<() => void> | undefined
  #hasGap = false
  #pause = pauses.first

  constructor(pool: PgListener, channel: string) {
    this.#pool = pool
    this.#channel = channel
  }

  async subscribe(subscription: Subscription): Promise<() => Promise<void>> {
    this.#subscriptions.add(subscription)
    try {
      await this.#open()
    } catch (error) {
      this.#subscriptions.delete(subscription)
      throw error
    }
    return async () => {
      const wasLast = this.#subscriptions.delete(subscription) && this.#subscriptions.size === 0
      if (!wasLast) return
      const opened = this.#opened
      this.#opened = undefined
      this.#hasGap = false
      // If it cannot be opened, there is nothing to close.
      await opened?.then(
        close => close(),
        () => undefined,
      )
    }
  }

  #open(): Promise<() => void> {
    if (this.#opened) return this.#opened
    const opened: Promise<() => void> = this.#listen(() => {
      // Closed on purpose, or replaced already.
      if (this.#opened !== opened) return
      this.#opened = undefined
      this.#hasGap = true
      void this.#reopen()
    })
    this.#opened = opened
    opened.then(
      () => {
        if (this.#opened !== opened) return
        this.#pause = pauses.first
        if (!this.#hasGap) return
        this.#hasGap = false
        this.#subscriptions.reportGap()
      },
      () => {
        if (this.#opened === opened) this.#opened = undefined
      },
    )
    return opened
  }

  async #reopen(): Promise<void> {
    while (this.#subscriptions.size > 0 && this.#hasGap) {
      try {
        await this.#open()
        return
      } catch {
        await pause(this.#pause)
        this.#pause = Math.min(this.#pause * 2, pauses.longest)
      }
    }
  }

  /** Resolves with a function that closes the connection. `onLost` is called if it is lost before. */
  async #listen(onLost: () => void): Promise<() => void> {
    const client = await this.#pool.connect()
    const onNotification = ({ channel, payload }: PgNotification): void => {
      if (channel === this.#channel && payload !== undefined) this.#subscriptions.deliver(payload)
    }
    let isReleased = false
    const close = (): void => {
      if (isReleased) return
      isReleased = true
      client.off('notification', onNotification)
      client.release(true)
    }
    const lose = (): void => {
      close()
      onLost()
    }
    client.on('notification', onNotification)
    client.on('error', lose)
    client.on('end', lose)
    try {
      await client.query(`LISTEN ${this.#channel}`)
    } catch (error) {
      close()
      throw error
    }
    return close
  }
}

/** Waits without keeping the process running. */
function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds) as { unref?: () => void }
    timer.unref?.()
  })
}
