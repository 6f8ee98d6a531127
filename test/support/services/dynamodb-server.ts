/** dynalite, which speaks DynamoDB's protocol, in this process; tables in memory or in a folder. */

import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server

/** A running server. */
export interface DynamoDBServer {
  readonly port: number
  /** A client with connections of its own, closed with the server. */
  connect(): DynamoDBDocumentClient
  /** Makes an empty table with an index `owners` and answers its name. */
  createTable(): Promise<string>
  stop(): Promise<void>
}

let tables = 0

/** Starts on a free port of the loopback interface, or on the one given. */
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
        new CreateTableCommand({
          TableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'id', AttributeType: 'S' },
            { AttributeName: 'owner', AttributeType: 'S' },
          ],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'owners',
              KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['expires'] },
            },
          ],
        }),
      )
      // A table takes records when it is active, which it may not be yet.
      await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName })
      return TableName
    },
    async stop() {
      for (const client of clients) client.destroy()
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

/** A client of the server on this port. */
export function connectTo(port: number): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'local',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }),
  )
}
