/**
 * A backend that keeps records in an Amazon DynamoDB table.
 *
 * @module
 */

import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { driverCall } from '../lib/driver-error.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
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
import { idsOfPages, pageSize } from './lib/pages.ts'
import { includesWrite, nextVersion } from './lib/write-history.ts'

/** The part of a `DynamoDBDocumentClient` that is used. */
export interface DynamoDBLike {
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>
}

type CommandClass = new (input: never) => object

/** The command classes of `@aws-sdk/lib-dynamodb`. */
export interface DynamoDBCommands {
  readonly GetCommand: CommandClass
  readonly PutCommand: CommandClass
  readonly UpdateCommand: CommandClass
  readonly DeleteCommand: CommandClass
  readonly QueryCommand: CommandClass
  readonly ScanCommand: CommandClass
}

/** Options of {@link dynamodb}. */
export interface DynamoDBOptions {
  /** The name of the table. */
  table: string
  /** The name of the global secondary index on `owner`. Default: none, so that the backend has no owner index. */
  ownerIndex?: string
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** A record as it is stored. `ttl` is the attribute by which DynamoDB removes expired items. */
interface Item extends NewRecord {
  readonly id: string
  readonly version: string
  readonly ttl: number
}

interface Expression {
  readonly [input: string]: unknown
  /** The values of the `:name` placeholders in the expressions. */
  readonly values: Record<string, unknown>
}

/** Seconds that DynamoDB keeps a record after its expiry, because the clocks may differ. */
const margin = 60

// Most of these names are reserved words in expressions, unless written as "#name".
const attributes = ['id', 'version', 'expires', 'owner', 'ttl'] as const

/**
 * Returns a backend that keeps records in a DynamoDB table with the string `id` as its partition key.
 * Every write is one conditional request, and reads by id are strongly consistent. The `ownerIndex` is
 * eventually consistent, so with it the backend has the limitation `reads-may-be-stale`.
 *
 * Throws a TypeError for a name that DynamoDB does not allow and for an unknown option.
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
  assertKnownOptions('dynamodb', options, ['table', 'ownerIndex', 'now'])
  const table = new Table(client, commands, checkedName('table', options.table))
  const now = options.now ?? unixSeconds
  if (options.ownerIndex === undefined) return new DynamoDBBackend(table, now)
  return new OwnedBackend(table, now, checkedName('ownerIndex', options.ownerIndex))
}

/** The table for {@link dynamodb}, as the input of the SDK's `CreateTableCommand`. */
export interface DynamoDBSchema {
  TableName: string
  BillingMode: 'PAY_PER_REQUEST'
  AttributeDefinitions: { AttributeName: string; AttributeType: 'S' }[]
  KeySchema: { AttributeName: string; KeyType: 'HASH' }[]
  GlobalSecondaryIndexes?: {
    IndexName: string
    KeySchema: { AttributeName: string; KeyType: 'HASH' }[]
    Projection: { ProjectionType: 'INCLUDE'; NonKeyAttributes: string[] }
  }[]
}

/**
 * Returns the table that the options of {@link dynamodb} need. DynamoDB removes expired items once its time to live is
 * enabled for the attribute `ttl`, which is a request of its own.
 *
 * Throws a TypeError for a name that DynamoDB does not allow and for an unknown option.
 */
export function dynamodbSchema(
  options: Pick<DynamoDBOptions, 'table' | 'ownerIndex'>,
): DynamoDBSchema {
  assertKnownOptions('dynamodbSchema', options, ['table', 'ownerIndex'])
  const schema: DynamoDBSchema = {
    TableName: checkedName('table', options.table),
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  }
  if (options.ownerIndex === undefined) return schema
  schema.AttributeDefinitions.push({ AttributeName: 'owner', AttributeType: 'S' })
  schema.GlobalSecondaryIndexes = [
    {
      IndexName: checkedName('ownerIndex', options.ownerIndex),
      KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['expires'] },
    },
  ]
  return schema
}

class DynamoDBBackend implements Backend, Listable {
  readonly table: Table
  readonly now: () => number

  constructor(table: Table, now: () => number) {
    this.table = table
    this.now = now
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    return this.#existing(await this.table.get(id, options))
  }

  /** The record of an item; undefined if there is none, or if it has expired. */
  #existing(item: Item | undefined): StoredRecord | undefined {
    return item && item.expires > this.now() ? recordOf(item) : undefined
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const item = itemOf(id, record, nextVersion())
    const created = await this.table.put(item, options, {
      ConditionExpression: 'attribute_not_exists(#id) OR #expires <= :now',
      values: { ':now': this.now() },
    })
    if (created || isApplied(item, await this.table.get(id, options))) {
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
    const item = itemOf(id, record, nextVersion(version))
    const replaced = await this.table.put(item, options, {
      ConditionExpression: '#version = :version AND #expires > :now',
      values: { ':version': version, ':now': this.now() },
    })
    if (replaced) return { status: 'updated', version: item.version }
    const found = await this.table.get(id, options)
    if (isApplied(item, found)) return { status: 'updated', version: item.version }
    const current = this.#existing(found)
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
    return idsOfPages(cursor => this.#scan({ ...options, cursor }))
  }

  page({ limit = pageSize, ...options }: PageOptions = {}): Promise<Page> {
    return this.#scan({ limit, ...options })
  }

  #scan(options: PageOptions): Promise<Page> {
    return this.table.scan(options, {
      FilterExpression: '#expires > :now',
      ProjectionExpression: '#id',
      values: { ':now': this.now() },
    })
  }
}

class OwnedBackend extends DynamoDBBackend implements OwnerIndex {
  // DynamoDB has no strongly consistent reads of a global secondary index.
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
      // The index may lag behind: check that the record still belongs to this owner.
      const deleted = await this.table.delete(id, options, {
        ConditionExpression: '#owner = :owner AND #expires > :now',
        values: { ':owner': owner, ':now': this.now() },
      })
      if (deleted) count++
    }
    return count
  }
}

/** Sends requests for one table. Conditional writes return whether their condition held. */
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
    const output = await this.#send(this.#commands.GetCommand, input, options)
    const item = (output as { Item?: Item }).Item
    // With `wrapNumbers` the client returns an object or a bigint.
    return item && { ...item, expires: Number(String(item.expires)) }
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

  /** Yields the ids of all items that the query on the index finds. */
  query(
    index: string,
    options: OperationOptions | undefined,
    expression: Expression,
  ): AsyncGenerator<string> {
    const input = { IndexName: index, ...inputOf(expression) }
    return idsOfPages<object>(start =>
      this.#page(this.#commands.QueryCommand, input, start, options),
    )
  }

  /** Reads one page of a scan of the table. Its cursor is the id of the item before. */
  async scan({ cursor, limit, signal }: PageOptions, expression: Expression): Promise<Page> {
    const input = {
      ConsistentRead: true,
      ...inputOf(expression),
      ...(limit !== undefined && { Limit: limit }),
    }
    const start = cursor === undefined ? undefined : { id: cursor }
    const { ids, next } = await this.#page(this.#commands.ScanCommand, input, start, { signal })
    return { ids, next: next?.id }
  }

  /** One request reads one page, which is at most a megabyte of items. */
  async #page(
    Command: CommandClass,
    input: object,
    start: object | undefined,
    options: OperationOptions | undefined,
  ): Promise<{ ids: string[]; next: { id: string } | undefined }> {
    const page = { ...input, ...(start && { ExclusiveStartKey: start }) }
    const output = (await this.#send(Command, page, options)) as {
      Items?: { id: string }[]
      LastEvaluatedKey?: { id: string }
    }
    return { ids: (output.Items ?? []).map(({ id }) => id), next: output.LastEvaluatedKey }
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
    return driverCall('DynamoDB', () =>
      this.#client.send(command as never, signal && { abortSignal: signal }),
    )
  }
}

function itemOf(id: string, { data, expires, owner }: NewRecord, version: string): Item {
  const item = { id, data: Uint8Array.from(data), expires, version, ttl: expires + margin }
  return owner === undefined ? item : { ...item, owner }
}

function recordOf({ data, expires, owner, version }: Item): StoredRecord {
  const record = { data: Uint8Array.from(data), expires, version }
  return owner === undefined ? record : { ...record, owner }
}

/**
 * Returns whether the item that was found, which may have expired, contains the write of this one. The SDK resends
 * a request whose response was lost. If the first one was applied, the condition of the second fails.
 */
function isApplied(item: Item, found: Item | undefined): boolean {
  return found !== undefined && includesWrite(found.version, item.version)
}

/** Returns the input of an expression. It may name only the attributes that it uses. */
function inputOf({ values, ...expressions }: Expression): object {
  const text = Object.values(expressions).join(' ')
  const names = attributes.filter(name => text.includes(`#${name}`))
  return {
    ...expressions,
    ExpressionAttributeNames: Object.fromEntries(names.map(name => [`#${name}`, name])),
    ExpressionAttributeValues: values,
  }
}

/** Returns the name if DynamoDB allows it for tables and indexes. Throws a TypeError otherwise. */
function checkedName(option: string, name: string): string {
  if (typeof name === 'string' && /^[\w.-]{3,255}$/.test(name)) return name
  const given = typeof name === 'string' ? 'this string' : describeKind(name)
  throw new TypeError(`${option} must be 3 to 255 characters of A–Z a–z 0–9 _ . -, not ${given}`)
}
