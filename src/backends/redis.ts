/**
 * A backend that keeps records in Redis or Valkey, through ioredis, iovalkey or node-redis.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { assertInteger, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Page,
  PageOptions,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import { idsOfPages, invalidCursor, pageSize } from './lib/pages.ts'
import { isRecordId } from './lib/record-id.ts'
import type {
  Argument,
  IoRedisClient,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
  Send,
  Topology,
} from './lib/redis-clients.ts'
import {
  assertRedisClient,
  clientPrefix,
  escapeGlob,
  hasManyConnections,
  isCluster,
  limited,
  primaries,
  sender,
} from './lib/redis-clients.ts'
import * as scripts from './lib/redis-scripts.ts'
import { nextVersion } from './lib/write-history.ts'

export type {
  Argument,
  IoRedisClient,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  Topology,
} from './lib/redis-clients.ts'

export {
  type IoRedisSubscriber,
  type NodeRedisSubscriber,
  type RedisPubSubOptions,
  redisPubSub,
} from './lib/redis-pubsub.ts'

/** Options of {@link redis}. */
export interface RedisOptions {
  /**
   * The start of every key. Default `silverback:`. In a cluster, a prefix with a hash tag, such as
   * `{silverback}:`, puts all keys on one server, which makes the owner index exact.
   */
  prefix?: string
  /** `'cluster'` for node-redis' `createCluster`, `'sentinel'` for its `createSentinel`. Default `'single'`. */
  topology?: Topology
  /**
   * Makes deletions wait for this many replicas, and reject if they take longer than `timeoutMs`. Default: deletions
   * wait for none.
   */
  waitForReplicas?: { readonly count: number; readonly timeoutMs: number }
  /**
   * How long to wait for the reply to a command, in milliseconds. Default 5000. A client that cannot connect
   * queues commands, some for ever. The server may still execute a command that was given up.
   */
  timeoutMs?: number
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** Seconds that the server keeps a record after its expiry, because the clocks may differ. */
const margin = 300

/**
 * Returns a backend that keeps records in Redis 5 or later, or in Valkey. A read is one command, a write one
 * script.
 *
 * Throws a TypeError or RangeError for an invalid client or option.
 */
export function redis(
  client: IoRedisClient | NodeRedisClient,
  options?: RedisOptions & { topology?: 'single' },
): Backend & OwnerIndex & Listable
export function redis(
  client: NodeRedisCluster,
  options: RedisOptions & { topology: 'cluster' },
): Backend & OwnerIndex & Listable
export function redis(
  client: NodeRedisSentinel,
  options: RedisOptions & { topology: 'sentinel' },
): Backend & OwnerIndex & Listable
export function redis(
  client: RedisClient,
  options: RedisOptions = {},
): Backend & OwnerIndex & Listable {
  assertKnownOptions('redis', options, [
    'prefix',
    'topology',
    'waitForReplicas',
    'timeoutMs',
    'now',
  ])
  return new RedisBackend(client, options)
}

class RedisBackend implements Backend, OwnerIndex, Listable {
  readonly #client: RedisClient
  readonly #topology: Topology
  readonly #timeoutMs: number
  readonly #send: Send
  readonly #prefix: string
  readonly #now: () => number
  readonly #replicas: { readonly count: number; readonly timeoutMs: number } | undefined
  /** Whether one script can reach a record and the set of its owner: whether both are on one server. */
  readonly #joint: boolean

  constructor(client: RedisClient, options: RedisOptions) {
    const { prefix, topology, waitForReplicas, timeoutMs } = checked(client, options)
    this.#client = client
    this.#topology = topology
    this.#timeoutMs = timeoutMs
    this.#send = limited(sender(client, topology), client, timeoutMs)
    this.#prefix = prefix
    this.#now = options.now ?? unixSeconds
    this.#replicas = waitForReplicas
    this.#joint = !isCluster(client, topology) || hasHashTag(prefix)
  }

  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    return abortable(options?.signal, async () => {
      const fields = ['data', 'expires', 'version', 'owner']
      const record = recordOf(await this.#command(this.#key(id), 'HMGET', ...fields))
      return record && record.expires > this.#now() ? record : undefined
    })
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    return abortable(options?.signal, async () => {
      const { status, version } = await this.#write('create', id, record, '')
      return status === 'written' ? { status: 'created', version } : { status: 'exists' }
    })
  }

  update(
    id: string,
    record: NewRecord,
    expected: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    return abortable(options?.signal, async () => {
      const { status, version, fields } = await this.#write('update', id, record, String(expected))
      if (status === 'written') return { status: 'updated', version }
      const current = recordOf(fields)
      return current ? { status: 'conflict', current } : { status: 'gone' }
    })
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return abortable(options?.signal, async () => {
      const args = [id, this.#time(), this.#jointly(), String(expires), deadline(expires)]
      const owner = await this.#run(scripts.touch, this.#key(id), args)
      if (owner && !this.#joint) await this.#enlist(String(owner), id, expires)
    })
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return abortable(options?.signal, async () => {
      const owner = await this.#runDeletion(scripts.remove, this.#key(id), [id, this.#jointly()])
      if (owner && !this.#joint) await this.#command(this.#ownerKey(String(owner)), 'SREM', id)
    })
  }

  ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    return abortable(options?.signal, async () => {
      if (!this.#joint) return this.#listApart(owner)
      const args = [this.#time(), owner]
      return strings(await this.#run(scripts.listOwned, this.#ownerKey(owner), args))
    })
  }

  deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    const except = options?.except ?? []
    return abortable(options?.signal, async () => {
      if (!this.#joint) return this.#deleteApart(owner, except)
      const args = [this.#time(), owner, nextVersion(), ...except]
      return Number(await this.#runDeletion(scripts.deleteOwned, this.#ownerKey(owner), args))
    })
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    const signal = options?.signal
    const servers = await abortable(signal, () => this.#servers())
    yield* idsOfPages(cursor => abortable(signal, () => this.#page(servers, cursor)))
  }

  async page({ cursor, limit, signal }: PageOptions = {}): Promise<Page> {
    return abortable(signal, async () => this.#page(await this.#servers(), cursor, limit))
  }

  /** A cursor is the number of the server and the cursor of its SCAN. */
  async #page(servers: readonly Send[], cursor = '0-0', limit = pageSize): Promise<Page> {
    const [, server, at = ''] = /^(\d{1,4})-(\d{1,20})$/.exec(cursor) ?? []
    const send = servers[Number(server)]
    if (!send) throw invalidCursor()
    const { ids, next } = await this.#scan(send, at, limit)
    if (next !== '0') return { ids, next: `${server}-${next}` }
    const following = Number(server) + 1
    return { ids, next: following < servers.length ? `${following}-0` : undefined }
  }

  async #servers(): Promise<Send[]> {
    // A cluster client learns its servers when it connects, so send a command first.
    await this.#expiryOf('')
    const servers = await primaries(this.#client, this.#topology)
    return servers.map(send => limited(send, this.#client, this.#timeoutMs))
  }

  /** Reads one page of a server's keys. Other applications may have keys that look like record keys. */
  async #scan(send: Send, cursor: string, count: number): Promise<{ next: string; ids: string[] }> {
    const prefix = Buffer.concat([clientPrefix(this.#client), this.#prefix].map(bytesOf))
    const match = Buffer.from(`${escapeGlob(latin1Of(prefix))}*`, 'latin1')
    const args = ['SCAN', cursor, 'MATCH', match, 'COUNT', String(count)]
    const [next, keys] = (await send('', args)) as [unknown, Buffer[]]
    const now = this.#now()
    const ids = keys.map(key => latin1Of(key).slice(prefix.length)).filter(isRecordId)
    const expiries = await Promise.all(ids.map(id => this.#expiryOf(id)))
    return { next: String(next), ids: ids.filter((_, index) => expiries[index]! > now) }
  }

  /** Returns the expiry of a record that may have expired, or 0 if there is none. */
  async #expiryOf(id: string): Promise<number> {
    try {
      const reply = await this.#command(this.#key(id), 'HMGET', 'expires')
      return Number((reply as unknown[])[0])
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return 0
      throw error
    }
  }

  async #write(
    action: 'create' | 'update',
    id: string,
    { data, expires, owner = '' }: NewRecord,
    expected: string,
  ): Promise<{ status: string; version: string; fields: unknown[] }> {
    const version = nextVersion(expected)
    const condition = [action, id, this.#time(), this.#jointly(), expected, version]
    // A record that has ended stays for a while, so that a resent write finds its version.
    const until = deadline(Math.max(expires, this.#now()))
    const args = [...condition, Buffer.from(data), String(expires), until, owner]
    const apart = owner !== '' && !this.#joint
    // Before the record, so that there is never a record missing from the set of its owner.
    if (apart) await this.#enlist(owner, id, expires)
    const [status, ...fields] = (await this.#run(scripts.write, this.#key(id), args)) as unknown[]
    // And again after it: a repair between the two may have removed the id, which had no record yet.
    if (apart && String(status) === 'written') await this.#enlist(owner, id, expires)
    return { status: String(status), version, fields }
  }

  async #enlist(owner: string, id: string, expires: number): Promise<void> {
    await this.#run(scripts.enlist, this.#ownerKey(owner), [id, deadline(expires)])
  }

  /** Lists an owner's ids when set and records are on different servers, and repairs the set. */
  async #listApart(owner: string): Promise<string[]> {
    const ids = strings(await this.#command(this.#ownerKey(owner), 'SMEMBERS'))
    const owned = await this.#ownedOf(owner, ids)
    await this.#delist(
      owner,
      ids.filter(id => !owned.has(id)),
    )
    return [...owned.keys()]
  }

  async #deleteApart(owner: string, except: readonly string[]): Promise<number> {
    const set = this.#ownerKey(owner)
    const ids = strings(await this.#command(set, 'SMEMBERS')).filter(id => !except.includes(id))
    const args = [this.#time(), owner]
    const counts = await Promise.all(
      ids.map(id => this.#run(scripts.removeOwned, this.#key(id), args)),
    )
    await this.#delist(owner, ids)
    return counts.filter(count => Number(count) === 1).length
  }

  /** Removes ids from the set of an owner, unless they have records after all. */
  async #delist(owner: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    await this.#command(this.#ownerKey(owner), 'SREM', ...ids)
    // A record may have been stored after it was looked up, and its id added to the set before it was removed.
    const owned = await this.#ownedOf(owner, ids)
    await Promise.all([...owned].map(([id, expires]) => this.#enlist(owner, id, expires)))
  }

  /** Returns those of the ids that are of existing records of the owner, with their expiries. */
  async #ownedOf(owner: string, ids: readonly string[]): Promise<Map<string, number>> {
    const now = this.#now()
    const found = await Promise.all(
      ids.map(async id => {
        const reply = await this.#command(this.#key(id), 'HMGET', 'expires', 'owner')
        const [expires, current] = reply as unknown[]
        const isOwned = Number(expires) > now && String(current) === owner
        return isOwned ? [[id, Number(expires)] as const] : []
      }),
    )
    return new Map(found.flat())
  }

  /** Runs a script that deletes, then waits for replicas if `waitForReplicas` is set. */
  async #runDeletion(
    script: scripts.Script,
    key: string,
    args: readonly Argument[],
  ): Promise<unknown> {
    const reply = await this.#run(script, key, args)
    if (!this.#replicas) return reply
    const { count, timeoutMs } = this.#replicas
    const reached = Number(await this.#send(key, ['WAIT', String(count), String(timeoutMs)]))
    if (reached >= count) return reply
    throw new Error(`deletion reached only ${reached} of ${count} replicas within ${timeoutMs} ms`)
  }

  async #run(script: scripts.Script, key: string, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send(key, ['EVALSHA', script.digest, '1', key, ...args])
    } catch (error) {
      // This server does not have the script: it was restarted, or another has taken over.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return this.#send(key, ['EVAL', script.text, '1', key, ...args])
    }
  }

  #command(key: string, command: string, ...args: readonly string[]): Promise<unknown> {
    return this.#send(key, [command, key, ...args])
  }

  #key(id: string): string {
    return this.#prefix + id
  }

  #ownerKey(owner: string): string {
    return `${this.#prefix}owner:${owner}`
  }

  #time(): string {
    return String(this.#now())
  }

  #jointly(): string {
    return this.#joint ? 'yes' : 'no'
  }
}

function checked(
  client: RedisClient,
  { prefix = 'silverback:', topology = 'single', waitForReplicas, timeoutMs = 5000 }: RedisOptions,
): Required<Pick<RedisOptions, 'prefix' | 'topology' | 'timeoutMs'>> & {
  waitForReplicas: RedisOptions['waitForReplicas']
} {
  assertRedisClient(client)
  if (typeof prefix !== 'string') {
    throw new TypeError(`prefix must be a string, not ${describeKind(prefix)}`)
  }
  assertInteger('timeoutMs', timeoutMs)
  assertOneOf('topology', topology, ['single', 'cluster', 'sentinel'])
  if (waitForReplicas) {
    assertKnownOptions('waitForReplicas', waitForReplicas, ['count', 'timeoutMs'])
    assertInteger('waitForReplicas.count', waitForReplicas.count)
    assertInteger('waitForReplicas.timeoutMs', waitForReplicas.timeoutMs)
    // WAIT covers only the commands of its own connection. On another one it would return too early.
    if (hasManyConnections(client, topology)) {
      throw new TypeError('waitForReplicas needs a client with one connection')
    }
  }
  return { prefix, topology, waitForReplicas, timeoutMs }
}

/** Returns whether the prefix has a hash tag, which puts its keys on one server of a cluster. */
function hasHashTag(prefix: string): boolean {
  return /^[^{]*\{[^}]+\}/.test(prefix)
}

/** Returns when the server may remove the record: Unix time in milliseconds. */
function deadline(expires: number): string {
  return String((expires + margin) * 1000)
}

/** Returns the record of the fields data, expires, version and owner. It may have expired. */
function recordOf(fields: unknown): StoredRecord | undefined {
  const [data, expires, version, owner] = fields as (Buffer | null)[]
  if (!data) return undefined
  return {
    data: Uint8Array.from(data),
    expires: Number(expires),
    version: String(version),
    owner: owner ? String(owner) : undefined,
  }
}

function strings(reply: unknown): string[] {
  return (reply as unknown[]).map(String)
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? utf8Bytes(text) : text
}

/** Decodes a key one character per byte, since keys need not be valid UTF-8. */
function latin1Of(key: Buffer): string {
  return key.toString('latin1')
}
