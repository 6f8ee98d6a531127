/**
 * Pub/sub over LISTEN and NOTIFY of PostgreSQL.
 *
 * @module
 */

import { assertKnownOptions } from '../../lib/assert-options.ts'
import type { PubSub } from '../pubsub.ts'

/** A dedicated Client of `pg`. A client from a Pool does not stay subscribed. */
export interface PgListener {
  query(text: string, params?: unknown[]): Promise<unknown>
  on(event: 'notification', listener: (message: PgNotification) => void): unknown
  off(event: 'notification', listener: (message: PgNotification) => void): unknown
}

/** A notification as `pg` emits it. */
export interface PgNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** The `sql` function of the package `postgres`, which opens its own connection to listen. */
export interface PostgresJsListener {
  listen(
    channel: string,
    listener: (payload: string) => void,
  ): PromiseLike<{ unlisten(): Promise<void> }>
  notify(channel: string, payload: string): PromiseLike<unknown>
}

/** Options of {@link postgresPubSub}. */
export interface PostgresPubSubOptions {
  /** The channel: lower-case letters, digits and `_`. Default `silverback_notices`. */
  channel?: string
}

/**
 * Returns a PubSub over a PostgreSQL channel.
 *
 * Throws a TypeError for an invalid channel or an unknown option.
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
