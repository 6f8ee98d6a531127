/** Runs dynalite, a DynamoDB emulator, in this process, with tables in memory or in a folder. */

import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { dynamodbSchema } from 'silverback/dynamodb'

const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server

/** A running server. */
export interface DynamoDBServer {
  readonly port: number
  /** Creates a client with connections of its own. It is closed with the server. */
  connect(): DynamoDBDocumentClient
  /** Creates an empty table with an index `owners`. Resolves to its name. */
  createTable(): Promise<string>
  stop(): Promise<void>
}

let tables = 0

/** Starts a server on a free port of the loopback interface, or on the given port. */
export async function startDynamoDB(
  options: { path?: string; port?: number } = {},
): Promise<DynamoDBServer> {
  const server = dynalite({ createTableMs: 0, ...(options.path && { path: options.path }) })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve())
  })
  const { port } = server.address() as AddressInfo
  const clients: DynamoDBDocumentClient[] = []
  const connect = (): DynamoDBDocumentClient => {
    const client = connectTo(port)
    clients.push(client)
    return client
  }
  return {
    port,
    connect,
    async createTable() {
      const TableName = `Sessions.test_${process.pid}-${tables++}`
      const client = connect()
      await client.send(
        new CreateTableCommand(dynamodbSchema({ table: TableName, ownerIndex: 'owners' })),
      )
      // A new table may not be active yet, and refuses records until then.
      const waiter = { client, maxWaitTime: 60, minDelay: 0.01, maxDelay: 0.1 }
      await waitUntilTableExists(waiter, { TableName })
      return TableName
    },
    async stop() {
      for (const client of clients) client.destroy()
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

/** Creates a client of the server on this port. */
export function connectTo(port: number): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'local',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
  )
}
