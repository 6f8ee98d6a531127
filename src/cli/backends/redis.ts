/**
 * Connects to Redis and Valkey.
 *
 * @module
 */

import { redis, redisPubSub } from '../../backends/redis.ts'
import { type Connect, type Connection, connectTimeoutMs, ignore } from './connection.ts'
import { type Driver, loadDriver } from './drivers.ts'

const parameters = ['prefix', 'channel'] as const

export const connectRedis: Connect = async (url, { cwd }) => {
  const { prefix, channel } = url.parameters(parameters)
  const driver = await loadDriver('Redis', ['ioredis', 'iovalkey', 'redis'], cwd)
  const address = url.base.replace(/^valkey/, 'redis')
  const { client, subscriber, open, close } =
    driver.name === 'redis' ? nodeRedis(driver, address) : ioRedis(driver, address)
  return {
    client,
    backend: redis(client, prefix === undefined ? {} : { prefix }),
    pubsub: redisPubSub(client, subscriber, channel === undefined ? {} : { channel }),
    // The cursors of SCAN depend on a random number that a server chooses when it starts.
    epoch: async () => {
      const info = String(await send(client, driver, 'INFO', 'server'))
      return /^run_id:(\w+)/m.exec(info)?.[1]
    },
    open,
    close,
  }
}

type Clients = Pick<Connection, 'client' | 'close'> & {
  // biome-ignore lint/suspicious/noExplicitAny: one of several libraries
  readonly subscriber: any
  open(): Promise<void>
}

function ioRedis({ exports }: Driver, address: string): Clients {
  let isOpen = false
  let failure: Error | undefined
  const client = new exports.Redis(address, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: null,
    // Until it is connected, the first failure is the result. Later, each command has a limit of its own.
    retryStrategy: (attempt: number) => (isOpen ? Math.min(attempt * 100, 2000) : null),
  }).on('error', (error: Error) => {
    failure = error
  })
  const subscriber = client.duplicate().on('error', ignore)
  return {
    client,
    subscriber,
    async open() {
      try {
        await client.connect()
        await client.ping()
      } catch (error) {
        // "Connection is closed." hides the reason.
        throw failure ?? error
      }
      isOpen = true
    },
    async close() {
      for (const each of [subscriber, client]) each.disconnect()
    },
  }
}

function nodeRedis({ exports }: Driver, url: string): Clients {
  let isOpen = false
  const client = exports
    .createClient({
      url,
      socket: {
        connectTimeout: connectTimeoutMs,
        reconnectStrategy: (attempt: number, cause: Error) =>
          isOpen ? Math.min((attempt + 1) * 100, 2000) : cause,
      },
    })
    .on('error', ignore)
  const subscriber = client.duplicate().on('error', ignore)
  // It is connected when it is used.
  const { subscribe } = subscriber
  subscriber.subscribe = async (...args: unknown[]) => {
    if (!subscriber.isOpen) await subscriber.connect()
    return subscribe.apply(subscriber, args)
  }
  return {
    client,
    subscriber,
    async open() {
      await client.connect()
      await client.ping()
      isOpen = true
    },
    async close() {
      for (const each of [subscriber, client]) if (each.isOpen) each.destroy()
    },
  }
}

function send(
  client: Clients['client'],
  { name }: Driver,
  command: string,
  ...args: string[]
): Promise<unknown> {
  return name === 'redis' ? client.sendCommand([command, ...args]) : client.call(command, ...args)
}
