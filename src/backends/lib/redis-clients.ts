/**
 * One way to send a command through any Redis client. Replies are Buffers, because strings would corrupt
 * bytes that are not UTF-8.
 *
 * @module
 */

import { describeKind } from '../../lib/describe.ts'
import { driverCall } from '../../lib/driver-error.ts'

/** An argument of a command. */
export type Argument = string | Uint8Array

/** Sends a command to the server that has the key. */
export type Send = (key: string, args: Argument[]) => Promise<unknown>

/** The kind of client of node-redis, since each kind has another `sendCommand`. */
export type Topology = 'single' | 'cluster' | 'sentinel'

/**
 * A client of ioredis or iovalkey: `Redis` or `Cluster`. Here and below, `never` accepts the parameter types
 * of each client without importing them.
 */
export interface IoRedisClient {
  readonly isCluster?: boolean
  readonly options?: { readonly keyPrefix?: string | Uint8Array | undefined }
  /** The servers of a cluster. */
  nodes?(role: 'master'): IoRedisClient[]
  callBuffer(command: string, ...args: never[]): Promise<unknown>
}

/** A client of node-redis: `createClient` or `createClientPool`. */
export interface NodeRedisClient {
  sendCommand(args: never[], options?: object): Promise<unknown>
}

/** A client of node-redis: `createCluster`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: never,
    isReadonly: boolean | undefined,
    args: never[],
    options?: object,
  ): Promise<unknown>
  readonly masters: readonly unknown[]
  nodeClient(master: never): Promise<NodeRedisClient>
}

/** A client of node-redis: `createSentinel`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: never[], options?: object): Promise<unknown>
}

/** Any supported client. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster | NodeRedisSentinel

/** Throws a TypeError for anything but a client. */
export function assertRedisClient(client: unknown): void {
  const { callBuffer, sendCommand } = Object(client)
  if (typeof (callBuffer ?? sendCommand) === 'function') return
  const given = describeKind(client)
  throw new TypeError(
    `client must be one of ioredis, iovalkey or node-redis, such as new Redis(url), not ${given}`,
  )
}

/** Returns a function that sends a command through the client. */
export function sender(client: RedisClient, topology: Topology): Send {
  if ('callBuffer' in client) {
    // Calls the method of each command, because `callBuffer` of ioredis 6 loses the name of the command
    // when `enableAutoPipelining` is on.
    const methods = client as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>
    return (_key, [command, ...args]) => methods[`${String(command).toLowerCase()}Buffer`]!(...args)
  }
  // Bulk strings (RESP type 36, `$`) as Buffers.
  const options = { typeMapping: { 36: Buffer } }
  // Never `isReadonly`: such a command may go to a replica, which lags behind.
  if (topology === 'cluster') {
    const cluster = client as NodeRedisCluster
    return (key, args) => cluster.sendCommand(key as never, false, args as never[], options)
  }
  if (topology === 'sentinel') {
    const sentinel = client as NodeRedisSentinel
    return (_key, args) => sentinel.sendCommand(false, args as never[], options)
  }
  return (_key, args) => (client as NodeRedisClient).sendCommand(args as never[], options)
}

/**
 * Returns a function that sends a command, and rejects if no reply comes in time. No error has the command
 * with its arguments.
 */
export function limited(send: Send, client: RedisClient, timeoutMs: number): Send {
  return async (key, args) => {
    const [command] = args
    // WAIT has a limit of its own, and begins after the deletion.
    const limit = timeoutMs + (command === 'WAIT' ? Number(args[2]) : 0)
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      // Timers have 31 bits: a longer one would end at once.
      const wait = Math.min(limit, 2 ** 31 - 1)
      timer = setTimeout(() => reject(lateReply(client, limit)), wait)
    })
    try {
      return await driverCall('Redis', () => Promise.race([send(key, args), late]), [key, ...args])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Returns the error for a command without a reply, with the state of the connection. */
function lateReply(client: RedisClient, limit: number): Error {
  const { status, isReady } = client as { status?: unknown; isReady?: unknown }
  const isConnected = status === undefined ? isReady !== false : status === 'ready'
  const state = isConnected ? '' : `; the client is not connected${status ? ` (${status})` : ''}`
  return new Error(`no reply from Redis within ${limit} ms${state}`)
}

/**
 * Returns a sender for each primary: one, or all of a cluster. A cluster client must be connected, or it
 * does not know them.
 */
export async function primaries(client: RedisClient, topology: Topology): Promise<Send[]> {
  if (topology === 'cluster') {
    const cluster = client as NodeRedisCluster
    const nodes = cluster.masters.map(master => cluster.nodeClient(master as never))
    return (await Promise.all(nodes)).map(node => sender(node, 'single'))
  }
  if ('nodes' in client && client.nodes) {
    return client.nodes('master').map(node => sender(node, 'single'))
  }
  return [sender(client, topology)]
}

/** Returns the prefix that the client adds to every key. It does not add it to the pattern of SCAN. */
export function clientPrefix(client: RedisClient): string | Uint8Array {
  return ('callBuffer' in client && client.options?.keyPrefix) || ''
}

/** Returns whether the client spreads its commands over several connections. */
export function hasManyConnections(client: RedisClient, topology: Topology): boolean {
  return isCluster(client, topology) || topology === 'sentinel' || 'execute' in client
}

/** Returns whether keys may be on different servers. */
export function isCluster(client: RedisClient, topology: Topology): boolean {
  return topology === 'cluster' || ('isCluster' in client && client.isCluster === true)
}

/** Escapes a string so that the glob pattern matches it literally. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}
