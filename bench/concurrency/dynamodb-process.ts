/** A process that runs dynalite, so that it can be killed and paused. Arguments: its folder and, later, its port. */

import { startDynamoDB } from '../../test/support/services/dynamodb-server.ts'

const [path, port] = process.argv.slice(2) as [string, string | undefined]

// Its parent has ended.
process.once('disconnect', () => process.exit())

const server = await startDynamoDB({ path, port: Number(port ?? 0) })
// The table is in the folder when the process is started again.
const table = port === undefined ? await server.createTable() : undefined
process.send?.({ port: server.port, table })
