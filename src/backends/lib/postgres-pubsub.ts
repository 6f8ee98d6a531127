/**
 * Notices over PostgreSQL's LISTEN and NOTIFY.
 *
 * @module
 */

import type { PubSub } from '../pubsub.ts'

/** A Client of `pg` of its own: one of a Pool is not kept. */
export interface PgListener {
  query(text: string, params?: unknown[]): Promise<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  off(event: 'notification', listener: (message: PgNotification) => void): unknown
}

/** What `pg` tells of a notification. */
export interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** The `sql` of `postgres`, which keeps a connection to listen by itself. */
export interface PostgresJsListener {
  listen(
    channel: string,
    listener: (payload: string) => void,
  ): PromiseLike<{ unlisten(): Promise<void> }>
  notify(channel: string, payload: string): PromiseLike<unknown>
}

/** How notices travel. */
export interface PostgresPubSubOptions {
  /** The channel: letters, digits and `_`. Default `silverback_notices`. */
  channel?: string
}

/**
 * Tells every process that listens on a channel of PostgreSQL.
 *
 * Throws a TypeError for a channel that is no plain name.
 */
export function postgresPubSub(
  client: PgListener | PostgresJsListener,
  { channel = 'silverback_notices' }: PostgresPubSubOptions = {},
): PubSub {
  // LISTEN takes no parameters: the name becomes part of the statement.
  if (!/^[a-z_][a-z\d_]{0,62}$/.test(channel)) {
    throw new TypeError('channel must have lower-case letters, digits and "_" only, at most 63')
  }
  return 'listen' in client ? overPostgresJs(client, channel) : overPg(client, channel)
}

function overPostgresJs(client: PostgresJsListener, channel: string): PubSub {
  return {
    async publish(notice) {
      await client.notify(channel, notice)
    },
    async subscribe(listener) {
      const { unlisten } = await client.listen(channel, listener)
      return unlisten
    },
  }
}

function overPg(client: PgListener, channel: string): PubSub {
  return {
    async publish(notice) {
      await client.query('SELECT pg_notify($1, $2)', [channel, notice])
    },
    async subscribe(listener) {
      const onNotification = ({ channel: from, payload }: PgNotification): void => {
        if (from === channel && payload !== undefined) listener(payload)
      }
      client.on('notification', onNotification)
      await client.query(`LISTEN ${channel}`)
      return async () => {
        client.off('notification', onNotification)
        await client.query(`UNLISTEN ${channel}`)
      }
    },
  }
}
