/**
 * One way to send a command, over the ways of the clients. Replies come as Buffers: text would lose
 * what is no UTF-8.
 *
 * @module
 */

/** A part of a command. */
export type Argument = string | Uint8Array

/** Sends a command to the server that has the key. */
export type Send = (key: string, args: Argument[]) => Promise<unknown>

/** How a client's servers are arranged, where the client has a `sendCommand` of its own for it. */
export type Topology = 'single' | 'cluster' | 'sentinel'

/**
 * A client of ioredis or iovalkey: `Redis` or `Cluster`. Here and below the arguments are left open:
 * each client has a type of its own for them, and none of them is needed to compile this.
 */
export interface IoRedisClient {
  readonly isCluster?: boolean
  readonly options?: { readonly keyPrefix?: string | Uint8Array | undefined }
  /** Of a cluster: its servers. */
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

/** Any of the clients. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster | NodeRedisSentinel

/** The client's way to send a command. */
export function sender(client: RedisClient, topology: Topology): Send {
  if ('callBuffer' in client) {
    // By the method of each command: `callBuffer` itself loses the command's name in ioredis 6 when
    // `enableAutoPipelining` is on.
    const methods = client as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>
    return (_key, [command, ...args]) => methods[`${String(command).toLowerCase()}Buffer`]!(...args)
  }
  // By the type of the reply, 36 = `$`: a bulk string.
  const options = { typeMapping: { 36: Buffer } }
  // Never "read-only": such a command may be sent to a replica, which is behind.
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
 * A way to each of the servers that share the keys. A client of a cluster knows them when it is
 * connected.
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

/** What the client itself puts before every key, but not before a pattern of keys. */
export function clientPrefix(client: RedisClient): string | Uint8Array {
  return ('callBuffer' in client && client.options?.keyPrefix) || ''
}

/** Whether its commands go over several connections, so that one does not wait for another's. */
export function hasManyConnections(client: RedisClient, topology: Topology): boolean {
  return isCluster(client, topology) || topology === 'sentinel' || 'execute' in client
}

/** Whether keys may lie on different servers. */
export function isCluster(client: RedisClient, topology: Topology): boolean {
  return topology === 'cluster' || ('isCluster' in client && client.isCluster === true)
}
