/**
 * Pub/sub over PUBLISH and SUBSCRIBE of Redis.
 *
 * @module
 */

import { assertKnownOptions } from '../../lib/assert-options.ts'
import type { PubSub } from '../pubsub.ts'
import { type IoRedisClient, type NodeRedisClient, sender } from './redis-clients.ts'

/** A connection of ioredis or iovalkey used only to subscribe: `client.duplicate()`. */
export interface IoRedisSubscriber {
  callBuffer: unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/** A connection of node-redis used only to subscribe: `await client.duplicate().connect()`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** Options of {@link redisPubSub}. */
export interface RedisPubSubOptions {
  /** The channel. Default `silverback:notices`. */
  channel?: string
}

/**
 * Returns a PubSub over a Redis channel.
 *
 * Throws a TypeError for an unknown option.
 *
 * @param client - publishes
 * @param subscriber - subscribes. It must be a separate connection, because Redis allows no other
 *   commands on a subscribed one.
 */
export function redisPubSub(
  client: IoRedisClient | NodeRedisClient,
  subscriber: IoRedisSubscriber | NodeRedisSubscriber,
  options: RedisPubSubOptions = {},
): PubSub {
  assertKnownOptions('redisPubSub', options, ['channel'])
  const { channel = 'silverback:notices' } = options
  const send = sender(client, 'single')
  return {
    async publish(notice) {
      await send(channel, ['PUBLISH', channel, notice])
    },
    subscribe: listener =>
      'callBuffer' in subscriber
        ? subscribeIo(subscriber, channel, listener)
        : subscribeNode(subscriber, channel, listener),
  }
}

async function subscribeNode(
  subscriber: NodeRedisSubscriber,
  channel: string,
  listener: (notice: string) => void,
): Promise<() => Promise<void>> {
  await subscriber.subscribe(channel, listener)
  return async () => {
    await subscriber.unsubscribe(channel, listener)
  }
}

async function subscribeIo(
  subscriber: IoRedisSubscriber,
  channel: string,
  listener: (notice: string) => void,
): Promise<() => Promise<void>> {
  const onMessage = (from: string, message: string): void => {
    // With `keyPrefix`, ioredis puts the prefix before channels, too.
    if (from.endsWith(channel)) listener(message)
  }
  subscriber.on('message', onMessage)
  await subscriber.subscribe(channel)
  return async () => {
    subscriber.off('message', onMessage)
    await subscriber.unsubscribe(channel)
  }
}
