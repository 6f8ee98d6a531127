/**
 * `silverback schema`.
 *
 * @module
 */

import { nearest } from '../../lib/assert-options.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'

type Sql = (options: { table: string }) => string

/** The statements that the backends' `ensureSchema` runs. */
const databases: Readonly<Record<string, () => Promise<Sql>>> = {
  postgres: async () => (await import('../../backends/postgres.ts')).postgresSchema,
  mysql: async () => (await import('../../backends/mysql.ts')).mysqlSchema,
  sqlite: async () => (await import('../../backends/sqlite.ts')).sqliteSchema,
}
const names = [...Object.keys(databases), 'dynamodb']

export default command({
  description: 'Print the statements that create the table of a database',
  args: {
    database: {
      type: 'positional',
      required: true,
      description: names.join(', '),
    },
    table: {
      type: 'string',
      default: 'sessions',
      valueHint: 'NAME',
      description: 'The name of the table; schema.table for PostgreSQL, MySQL and SQLite',
    },
    'owner-index': {
      type: 'string',
      valueHint: 'NAME',
      description: 'DynamoDB: the name of the index by owner (default: no index)',
    },
  },
  async run({ database, table, 'owner-index': ownerIndex }, context) {
    if (!names.includes(database)) throw new UsageError(unknown(database))
    if (database === 'dynamodb') return dynamodb({ table, ownerIndex }, context)
    if (ownerIndex !== undefined) {
      throw new UsageError(`--owner-index is for dynamodb. The table of ${database} has the index.`)
    }
    const schema = await (databases[database] as () => Promise<Sql>)()
    const sql = checked(() => schema({ table })).trimEnd()
    const statements = sql.endsWith(';') ? sql : `${sql};`
    return { lines: statements.split('\n'), json: { database, table, sql: statements } }
  },
})

async function dynamodb(
  { table, ownerIndex }: { table: string; ownerIndex: string | undefined },
  context: Context,
): Promise<Outcome> {
  const { dynamodbSchema } = await import('../../backends/dynamodb.ts')
  const createTable = checked(() => dynamodbSchema({ table, ...(ownerIndex && { ownerIndex }) }))
  const updateTimeToLive = {
    TableName: table,
    TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' },
  }
  context.remark(`Create the table with:
  aws dynamodb create-table --cli-input-json file://table.json
and let DynamoDB remove expired items:
  aws dynamodb update-time-to-live --table-name ${table} \\
    --time-to-live-specification Enabled=true,AttributeName=ttl`)
  return {
    lines: JSON.stringify(createTable, null, 2).split('\n'),
    json: { createTable, updateTimeToLive },
  }
}

/** Wrong names of tables are wrong arguments. */
function checked<Result>(make: () => Result): Result {
  try {
    return make()
  } catch (error) {
    throw new UsageError(`--${(error as Error).message}`.replace('ownerIndex', 'owner-index'))
  }
}

function unknown(database: string): string {
  const hint = nearest(database, names)
  const inParentheses = hint === undefined ? '' : ` (${hint})`
  return `There is no schema for ${printable(database)}${inParentheses}. The databases are ${names.join(', ')}; the others need none.`
}
