/**
 * Sessions in the layout of Go's `savaki/dynastore`: the cookie is the id, not signed; an item of DynamoDB holds the
 * values as gob in base64 or, with keys, as securecookie's text.
 *
 * @module
 */

import type { DynamoDBCommands, DynamoDBLike } from '../../backends/dynamodb.ts'
import type { Options } from '../../http/cookie-options.ts'
import { describeKind } from '../../lib/describe.ts'
import { driverCall } from '../../lib/driver-error.ts'
import { encodeBase32 } from '../../runtime/bytes/base32.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import { payloadOf } from '../../stores/merge-draft.ts'
import { loadPayload } from '../../stores/open-cookie.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import { gob, type Serializer } from '../securecookie.ts'
import {
  codecsOf,
  goSettings,
  type SignedGoStoreOptions,
  signedGoSettings,
} from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import {
  type Found,
  type Page,
  pageSize,
  plainId,
  type RecordFormat,
  type Records,
  signedText,
} from './lib/records.ts'

export type { DynamoDBLike }

/** The command classes of `@aws-sdk/lib-dynamodb` that are used. */
export type DynastoreCommands = Pick<
  DynamoDBCommands,
  'GetCommand' | 'PutCommand' | 'DeleteCommand'
> &
  // To copy the sessions elsewhere.
  Partial<Pick<DynamoDBCommands, 'ScanCommand'>>

/** Options of {@link dynastore}. */
export interface DynastoreOptions extends Omit<SignedGoStoreOptions, 'keyPairs'> {
  /** Go's `keyPairs`, if the Go program passes `Codecs`. Default: none, so that values are not signed. */
  keyPairs?: SignedGoStoreOptions['keyPairs']
  /** The table. Default `dynastore`, as in Go. */
  table?: string
  /** The attribute with the expiry. Default `ttl`, as in Go. */
  ttlField?: string
}

/**
 * Go's `dynastore.New`: shares sessions with a Go program that has the same table and keys.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a `DynamoDBDocumentClient`
 * @param commands - the module `@aws-sdk/lib-dynamodb`
 */
export function dynastore(
  client: DynamoDBLike,
  commands: DynastoreCommands,
  options: DynastoreOptions = {},
): SessionStore {
  const { table = 'dynastore', ttlField = 'ttl', keyPairs, serializer = gob } = options
  if (typeof Object(client).send !== 'function') {
    throw new TypeError(`client must be a DynamoDBDocumentClient, not ${describeKind(client)}`)
  }
  const own = ['table', 'ttlField']
  const signed = keyPairs && { ...options, keyPairs }
  const settings = signed
    ? signedGoSettings('dynastore', signed, own)
    : goSettings('dynastore', options, [...own, 'keyPairs'])
  const format = signed ? signedText(codecsOf(signed, settings, options)) : base64(serializer)
  const records = new Items(client, commands, { table, ttlField, ...settings })
  return storeFor(records, format, plainId, settings)
}

/** Bytes of a serializer as standard base64. */
function base64(serializer: Serializer): RecordFormat<string> {
  return {
    serializer,
    read(_, data) {
      try {
        const bytes = Uint8Array.from(atob(data), char => char.charCodeAt(0))
        return loadPayload(bytes, serializer)
      } catch {
        return { reason: 'malformed' }
      }
    },
    write(draft) {
      let binary = ''
      for (const byte of payloadOf(draft, serializer)) binary += String.fromCharCode(byte)
      return btoa(binary)
    },
  }
}

class Items implements Records<string> {
  readonly #client: DynamoDBLike
  readonly #commands: DynastoreCommands
  readonly #table: string
  readonly #ttl: string
  readonly #options: Options
  readonly #now: () => number

  constructor(
    client: DynamoDBLike,
    commands: DynastoreCommands,
    settings: { table: string; ttlField: string; options: Options; now: () => number },
  ) {
    this.#client = client
    this.#commands = commands
    this.#table = settings.table
    this.#ttl = settings.ttlField
    this.#options = settings.options
    this.#now = settings.now
  }

  async find(id: string): ReturnType<Records<string>['find']> {
    const output = await this.#send(this.#commands.GetCommand, {
      Key: { id },
      ConsistentRead: true,
    })
    const { Item: item } = output as { Item?: Record<string, unknown> }
    return item && this.#found(item)
  }

  async list(cursor: string): Promise<Page<string>> {
    const { ScanCommand } = this.#commands
    if (!ScanCommand) throw new TypeError('commands must have the class ScanCommand')
    const output = (await this.#send(ScanCommand, {
      ConsistentRead: true,
      Limit: pageSize,
      ...(cursor && { ExclusiveStartKey: { id: cursor } }),
    })) as { Items?: Record<string, unknown>[]; LastEvaluatedKey?: { id: string } }
    const records = (output.Items ?? []).flatMap(item => {
      const found = this.#found(item)
      return found ? [{ ...found, id: String(item.id) }] : []
    })
    return { records, next: output.LastEvaluatedKey?.id }
  }

  /** Returns the record in an item; undefined if it has expired. */
  #found(item: Record<string, unknown>): Found<string> | undefined {
    // With `wrapNumbers` the client returns an object or a bigint. Sessions without an expiry have no ttl.
    const ttl = item[this.#ttl] === undefined ? undefined : Number(String(item[this.#ttl]))
    const remaining = ttl === undefined ? undefined : ttl - this.#now()
    if (remaining !== undefined && !(remaining > 0)) return undefined
    return { data: String(item.values), remaining }
  }

  async insert({ data, seconds }: { data: string; seconds: number }): Promise<string> {
    const id = encodeBase32(randomBytes(32))
    await this.#send(this.#commands.PutCommand, { Item: this.#item(id, data, seconds) })
    return id
  }

  replace(
    id: string,
    found: { data: string },
    { data, seconds }: { data: string; seconds: number },
  ): Promise<boolean> {
    const item = this.#item(id, data, seconds)
    return this.#sendIf(this.#commands.PutCommand, { Item: item }, found.data)
  }

  async remove(id: string, found?: { data: string }): Promise<boolean> {
    const key = { Key: { id } }
    if (found) return this.#sendIf(this.#commands.DeleteCommand, key, found.data)
    await this.#send(this.#commands.DeleteCommand, key)
    return true
  }

  /** Go takes the attributes of the next cookie from the item. */
  #item(id: string, values: string, seconds: number): object {
    const { path = '', domain = '', secure, httpOnly = false } = this.#options
    const options = { Path: path, Domain: domain, MaxAge: seconds, Secure: secure !== false }
    const ttl = Math.floor(this.#now()) + seconds
    return { id, values, options: { ...options, HttpOnly: httpOnly }, [this.#ttl]: ttl }
  }

  /** Sends a write on condition that the item still holds this text. Resolves to whether it does. */
  async #sendIf(
    Command: new (input: never) => object,
    input: object,
    data: string,
  ): Promise<boolean> {
    const condition = {
      ConditionExpression: '#values = :values',
      ExpressionAttributeNames: { '#values': 'values' },
      ExpressionAttributeValues: { ':values': data },
    }
    try {
      await this.#send(Command, { ...input, ...condition })
      return true
    } catch (error) {
      if ((error as Error | null)?.name === 'ConditionalCheckFailedException') return false
      throw error
    }
  }

  #send(Command: new (input: never) => object, input: object): Promise<unknown> {
    const command = new Command({ TableName: this.#table, ...input } as never)
    return driverCall('DynamoDB', () => this.#client.send(command as never))
  }
}
