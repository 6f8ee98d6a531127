/**
 * Notices over Redis' publish and subscribe.
 *
 * @module
 */

import type { PubSub } from '../pubsub.ts'
import { type IoRedisClient, type NodeRedisClient, sender } from './redis-clients.ts'

/** A connection of ioredis or iovalkey that only listens: `client.duplicate()`. */
export interface IoRedisSubscriber {
  callBuffer: unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  off(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/** A connection of node-redis that only listens: `await client.duplicate().connect()`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** How notices travel. */
export interface RedisPubSubOptions {
  /** The channel. Default `silverback:notices`. */
  channel?: string
}

/**
 * Tells every process that listens on a channel of Redis.
 *
 * @param client - publishes
 * @param subscriber - listens; a connection of its own, as Redis wants it
 */
export function redisPubSub(
  client: IoRedisClient | NodeRedisClient,
  subscriber: IoRedisSubscriber | NodeRedisSubscriber,
  { channel = 'silverback:notices' }: RedisPubSubOptions = {},
): PubSub {
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
    // A client that puts a prefix before keys puts it before channels, too.
    if (from.endsWith(channel)) listener(message)
  }
  subscriber.on('message', onMessage)
  await subscriber.subscribe(channel)
  return async () => {
    subscriber.off('message', onMessage)
    await subscriber.unsubscribe(channel)
  }
}
