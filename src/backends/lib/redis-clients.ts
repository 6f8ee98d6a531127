/**
 * One way to send a command through any Redis client. Replies are Buffers, because strings would corrupt
 * bytes that are not UTF-8.
 *
 * @module
 */

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
