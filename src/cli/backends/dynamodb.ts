/**
 * Connects to Amazon DynamoDB. Credentials come from the environment, as with every tool of AWS.
 *
 * @module
 */

import { dynamodb } from '../../backends/dynamodb.ts'
import { type Connect, connectTimeoutMs } from './connection.ts'
import { loadDriver } from './drivers.ts'

export const connectDynamodb: Connect = async (url, { cwd }) => {
  const { region, endpoint, ownerIndex } = url.parameters(['region', 'endpoint', 'ownerIndex'])
  const { exports: core } = await loadDriver('DynamoDB', ['@aws-sdk/client-dynamodb'], cwd)
  const { exports: commands } = await loadDriver('DynamoDB', ['@aws-sdk/lib-dynamodb'], cwd)
  const base = new core.DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: connectTimeoutMs,
      throwOnRequestTimeout: true,
    },
  })
  const client = commands.DynamoDBDocumentClient.from(base)
  const table = url.target
  return {
    client: { client, commands, table },
    backend:
      ownerIndex === undefined
        ? dynamodb(client, commands, { table })
        : dynamodb(client, commands, { table, ownerIndex }),
    close: async () => base.destroy(),
  }
}
