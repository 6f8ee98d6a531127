/**
 * A process that runs dynalite, so that it can be killed and paused. Arguments: its folder, its port, and `create` unless
 * the table is in the folder.
 */

import { startDynamoDB } from '../../test/support/services/dynamodb-server.ts'

const [path, port, create] = process.argv.slice(2) as [string, string, string | undefined]

// Its parent has ended.
process.once('disconnect', () => process.exit())

const server = await startDynamoDB({ path, port: Number(port) })
const table = create && (await server.createTable())
process.send?.({ table })
