/**
 * Pub/sub over PUBLISH and SUBSCRIBE of Redis.
 *
 * @module
 */

import { assertKnownOptions } from '../../lib/assert-options.ts'
import type { PubSub } from '../pubsub.ts'
import { type IoRedisClient, type NodeRedisClient, sender } from './redis-clients.ts'
import { type Subscription, Subscriptions } from './subscriptions.ts'

/** A connection of ioredis or iovalkey used only to subscribe: `client.duplicate()`. */
export interface IoRedisSubscriber {
  callBuffer(command: string, ...args: never[]): Promise<unknown>
  readonly isCluster?: boolean
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
  on(event: 'ready', listener: () => void): unknown
}

/** A connection of node-redis used only to subscribe: `await client.duplicate().connect()`. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  on(event: 'ready', listener: () => void): unknown
  off(event: 'ready', listener: () => void): unknown
}

/** Options of {@link redisPubSub}. */
export interface RedisPubSubOptions {
  /** The channel. Default `silverback:notices`. */
  channel?: string
}

/**
 * Returns a PubSub over a Redis channel.
 *
 * Throws a TypeError for an unknown option, and for a cluster as the subscriber.
 *
 * @param client - publishes
 * @param subscriber - subscribes. It must be a separate connection, because Redis allows no other
 *   commands on a subscribed one, and it must reconnect when it is lost, which is the default of all clients.
 */
export function redisPubSub(
  client: IoRedisClient | NodeRedisClient,
  subscriber: IoRedisSubscriber | NodeRedisSubscriber,
  options: RedisPubSubOptions = {},
): PubSub {
  assertKnownOptions('redisPubSub', options, ['channel'])
  if (('isCluster' in subscriber && subscriber.isCluster) || 'masters' in subscriber) {
    throw new TypeError(
      'redisPubSub: subscriber must be a connection to one server, which receives the messages of the whole cluster: a cluster client does not report that it has lost messages',
    )
  }
  const { channel = 'silverback:notices' } = options
  const send = sender(client, 'single')
  return {
    async publish(notice) {
      await send(channel, ['PUBLISH', channel, notice])
    },
    subscribe(listener, onGap) {
      const subscription = { listener, onGap }
      if (!('callBuffer' in subscriber)) return subscribeNode(subscriber, channel, subscription)
      return ioChannelOf(subscriber, channel).subscribe(subscription)
    },
  }
}

async function subscribeNode(
  subscriber: NodeRedisSubscriber,
  channel: string,
  { listener, onGap }: Subscription,
): Promise<() => Promise<void>> {
  const onMessage = (message: string): void => listener(message)
  // node-redis emits `ready` once it has subscribed again.
  const onReady = (): void => onGap?.()
  await subscriber.subscribe(channel, onMessage)
  subscriber.on('ready', onReady)
  return async () => {
    subscriber.off('ready', onReady)
    await subscriber.unsubscribe(channel, onMessage)
  }
}

/** The channels of each subscriber, because one UNSUBSCRIBE ends the subscription of every listener. */
const ioChannels = new WeakMap<IoRedisSubscriber, Map<string, IoChannel>>()

function ioChannelOf(subscriber: IoRedisSubscriber, name: string): IoChannel {
  let channels = ioChannels.get(subscriber)
  if (!channels) {
    channels = listenIo(subscriber)
    ioChannels.set(subscriber, channels)
  }
  // ioredis does not put `keyPrefix` before the names of channels.
  const channel = channels.get(name) ?? new IoChannel(subscriber, name)
  channels.set(name, channel)
  return channel
}

/** Listens to a connection once, however many channels it has. Returns the channels by their names. */
function listenIo(subscriber: IoRedisSubscriber): Map<string, IoChannel> {
  const channels = new Map<string, IoChannel>()
  subscriber.on('message', (name, message) => channels.get(name)?.deliver(message))
  subscriber.on('ready', () => {
    for (const channel of channels.values()) channel.renew()
  })
  return channels
}

/** A channel of a connection of ioredis. */
class IoChannel {
  readonly #subscriber: IoRedisSubscriber
  readonly #name: string
  readonly #subscriptions = new Subscriptions()

  constructor(subscriber: IoRedisSubscriber, name: string) {
    this.#subscriber = subscriber
    this.#name = name
  }

  async subscribe(subscription: Subscription): Promise<() => Promise<void>> {
    this.#subscriptions.add(subscription)
    try {
      await this.#subscriber.subscribe(this.#name)
    } catch (error) {
      this.#subscriptions.delete(subscription)
      throw error
    }
    return async () => {
      const wasLast = this.#subscriptions.delete(subscription) && this.#subscriptions.size === 0
      if (wasLast) await this.#subscriber.unsubscribe(this.#name)
    }
  }

  deliver(message: string): void {
    this.#subscriptions.deliver(message)
  }

  /**
   * Subscribes again on a new connection. ioredis does so too, unless `autoResubscribe` is off, but does not
   * report when it is done.
   */
  renew(): void {
    if (this.#subscriptions.size === 0) return
    this.#subscriber.subscribe(this.#name).then(
      () => this.#subscriptions.reportGap(),
      // The connection was lost again: `ready` follows.
      () => undefined,
    )
  }
}
