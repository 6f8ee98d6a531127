/**
 * Records in a table of Amazon DynamoDB.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'

/** What is called of a `DynamoDBDocumentClient`. */
export interface DynamoDBLike {
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>
}

type CommandClass = new (input: never) => object

/** The classes of these names that `@aws-sdk/lib-dynamodb` exports. */
export interface DynamoDBCommands {
  readonly GetCommand: CommandClass
  readonly PutCommand: CommandClass
  readonly UpdateCommand: CommandClass
  readonly DeleteCommand: CommandClass
  readonly QueryCommand: CommandClass
  readonly ScanCommand: CommandClass
}

/** Where and when. */
export interface DynamoDBOptions {
  /** The name of the table. */
  table: string
  /** The name of the global secondary index on `owner`. Left out: no owner index. */
  ownerIndex?: string
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** A record as it is kept. `ttl` is for DynamoDB's own removal. */
interface Item extends NewRecord {
  readonly id: string
  readonly version: string
  readonly ttl: number
}

interface Expression {
  readonly [input: string]: unknown
  /** What `:name` stands for in the expressions. */
  readonly values: Record<string, unknown>
}

/** Seconds for which DynamoDB keeps a record beyond its moment, which counts by another clock. */
const margin = 60

// Most of these words are reserved in expressions, but not behind a "#".
const attributes = ['id', 'version', 'expires', 'owner', 'ttl'] as const

/**
 * Keeps records in a table whose key is the text `id`. Every write is one conditional request, and
 * reads are consistent. With an `ownerIndex`, whose answers come late, reads may be stale.
 *
 * Throws a TypeError for names that DynamoDB does not allow.
 */
export function dynamodb(
  client: DynamoDBLike,
  commands: DynamoDBCommands,
  options: DynamoDBOptions & { ownerIndex: string },
): Backend & OwnerIndex & Listable
export function dynamodb(
  client: DynamoDBLike,
  commands: DynamoDBCommands,
  options: DynamoDBOptions,
): Backend & Listable
export function dynamodb(
  client: DynamoDBLike,
  commands: DynamoDBCommands,
  options: DynamoDBOptions,
): Backend & Listable {
  const table = new Table(client, commands, tableName('table', options.table))
  const now = options.now ?? unixSeconds
  if (options.ownerIndex === undefined) return new DynamoDBBackend(table, now)
  return new OwnedBackend(table, now, tableName('ownerIndex', options.ownerIndex))
}

class DynamoDBBackend implements Backend, Listable {
  readonly table: Table
  readonly now: () => number

  constructor(table: Table, now: () => number) {
    this.table = table
    this.now = now
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const item = await this.table.get(id, options)
    return item && item.expires > this.now() ? recordOf(item) : undefined
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const item = itemOf(id, record)
    const made = await this.table.put(item, options, {
      ConditionExpression: 'attribute_not_exists(#id) OR #expires <= :now',
      values: { ':now': this.now() },
    })
    if (made || isSame(item, await this.load(id, options))) {
      return { status: 'created', version: item.version }
    }
    return { status: 'exists' }
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const item = itemOf(id, record)
    const replaced = await this.table.put(item, options, {
      ConditionExpression: '#version = :version AND #expires > :now',
      values: { ':version': version, ':now': this.now() },
    })
    if (replaced) return { status: 'updated', version: item.version }
    const current = await this.load(id, options)
    if (isSame(item, current)) return { status: 'updated', version: item.version }
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    await this.table.update(id, options, {
      UpdateExpression: 'SET #expires = :expires, #ttl = :ttl',
      ConditionExpression: '#expires > :now',
      values: { ':expires': expires, ':ttl': expires + margin, ':now': this.now() },
    })
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    await this.table.delete(id, options)
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    return this.table.scan(options, {
      FilterExpression: '#expires > :now',
      ProjectionExpression: '#id',
      values: { ':now': this.now() },
    })
  }
}

class OwnedBackend extends DynamoDBBackend implements OwnerIndex {
  // DynamoDB has no consistent reads of such an index.
  readonly limitations: readonly Limitation[] = ['reads-may-be-stale']
  readonly #index: string

  constructor(table: Table, now: () => number, index: string) {
    super(table, now)
    this.#index = index
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const ids: string[] = []
    const found = this.table.query(this.#index, options, {
      KeyConditionExpression: '#owner = :owner',
      FilterExpression: '#expires > :now',
      ProjectionExpression: '#id',
      values: { ':owner': owner, ':now': this.now() },
    })
    for await (const id of found) ids.push(id)
    return ids
  }

  async deleteOwner(
    owner: string,
    options: OperationOptions & { readonly except?: readonly string[] } = {},
  ): Promise<number> {
    const doomed = (await this.ofOwner(owner, options)).filter(id => !options.except?.includes(id))
    let count = 0
    for (const id of doomed) {
      // What the index says may be over: the record may be another's by now.
      const deleted = await this.table.delete(id, options, {
        ConditionExpression: '#owner = :owner AND #expires > :now',
        values: { ':owner': owner, ':now': this.now() },
      })
      if (deleted) count++
    }
    return count
  }
}

/** The requests. Those that write answer whether their condition held. */
class Table {
  readonly #client: DynamoDBLike
  readonly #commands: DynamoDBCommands
  readonly #name: string

  constructor(client: DynamoDBLike, commands: DynamoDBCommands, name: string) {
    this.#client = client
    this.#commands = commands
    this.#name = name
  }

  async get(id: string, options: OperationOptions | undefined): Promise<Item | undefined> {
    const input = { Key: { id }, ConsistentRead: true }
    const answer = await this.#send(this.#commands.GetCommand, input, options)
    return (answer as { Item?: Item }).Item
  }

  put(item: Item, options: OperationOptions | undefined, expression: Expression): Promise<boolean> {
    return this.#sendIf(this.#commands.PutCommand, { Item: item }, options, expression)
  }

  update(
    id: string,
    options: OperationOptions | undefined,
    expression: Expression,
  ): Promise<boolean> {
    return this.#sendIf(this.#commands.UpdateCommand, { Key: { id } }, options, expression)
  }

  delete(
    id: string,
    options: OperationOptions | undefined,
    expression?: Expression,
  ): Promise<boolean> {
    return this.#sendIf(this.#commands.DeleteCommand, { Key: { id } }, options, expression)
  }

  /** The ids of all items that the index finds. */
  query(
    index: string,
    options: OperationOptions | undefined,
    expression: Expression,
  ): AsyncGenerator<string> {
    const input = { IndexName: index, ...inputOf(expression) }
    return this.#idsByPage(this.#commands.QueryCommand, input, options)
  }

  /** The ids of all items of the table. */
  scan(options: OperationOptions | undefined, expression: Expression): AsyncGenerator<string> {
    const input = { ConsistentRead: true, ...inputOf(expression) }
    return this.#idsByPage(this.#commands.ScanCommand, input, options)
  }

  /** A page is what DynamoDB looks at for a request: a megabyte. */
  async *#idsByPage(
    Command: CommandClass,
    input: object,
    options: OperationOptions | undefined,
  ): AsyncGenerator<string> {
    let start: object | undefined
    do {
      const page = { ...input, ...(start && { ExclusiveStartKey: start }) }
      const answer = (await this.#send(Command, page, options)) as {
        Items?: { id: string }[]
        LastEvaluatedKey?: object
      }
      for (const { id } of answer.Items ?? []) yield id
      start = answer.LastEvaluatedKey
    } while (start)
  }

  async #sendIf(
    Command: CommandClass,
    input: object,
    options: OperationOptions | undefined,
    expression: Expression | undefined,
  ): Promise<boolean> {
    try {
      await this.#send(Command, { ...input, ...(expression && inputOf(expression)) }, options)
      return true
    } catch (error) {
      if ((error as Error | null)?.name === 'ConditionalCheckFailedException') return false
      throw error
    }
  }

  #send(
    Command: CommandClass,
    input: object,
    options: OperationOptions | undefined,
  ): Promise<unknown> {
    options?.signal?.throwIfAborted()
    const command = new Command({ TableName: this.#name, ...input } as never)
    const { signal } = options ?? {}
    return this.#client.send(command as never, signal && { abortSignal: signal })
  }
}

function itemOf(id: string, { data, expires, owner }: NewRecord): Item {
  const version = encodeBase64Url(randomBytes(12))
  const item = { id, data: Uint8Array.from(data), expires, version, ttl: expires + margin }
  return owner === undefined ? item : { ...item, owner }
}

function recordOf({ data, expires, owner, version }: Item): StoredRecord {
  const record = { data: Uint8Array.from(data), expires, version }
  return owner === undefined ? record : { ...record, owner }
}

/**
 * Whether this very item was written after all: the client sends a request again whose answer was lost,
 * and the second finds its condition broken by the first.
 */
function isSame(item: Item, found: StoredRecord | undefined): boolean {
  return found?.version === item.version
}

/** The part of a request's input that an expression is, with the names that it uses, and no other. */
function inputOf({ values, ...expressions }: Expression): object {
  const text = Object.values(expressions).join(' ')
  const names = attributes.filter(name => text.includes(`#${name}`))
  return {
    ...expressions,
    ExpressionAttributeNames: Object.fromEntries(names.map(name => [`#${name}`, name])),
    ExpressionAttributeValues: values,
  }
}

/** A name as DynamoDB allows it for tables and indexes. */
function tableName(option: string, name: string): string {
  if (typeof name === 'string' && /^[\w.-]{3,255}$/.test(name)) return name
  const given = typeof name === 'string' ? 'another text' : describeKind(name)
  throw new TypeError(`${option} must be 3 to 255 characters of A–Z a–z 0–9 _ . -, not ${given}`)
}
