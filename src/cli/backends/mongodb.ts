/**
 * Connects to MongoDB.
 *
 * @module
 */

import { mongodb } from '../../backends/mongodb.ts'
import { type Connect, connectTimeoutMs } from './connection.ts'
import { loadDriver } from './drivers.ts'

export const connectMongodb: Connect = async (storeUrl, { cwd }) => {
  const { found, url } = storeUrl.split(['collection', 'database'])
  const { exports } = await loadDriver('MongoDB', ['mongodb'], cwd)
  const client = new exports.MongoClient(url, {
    serverSelectionTimeoutMS: connectTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
  })
  // Without a name, the driver takes that of the path.
  const collection = client.db(found.database).collection(found.collection ?? 'sessions')
  return {
    client: { collection, ObjectId: exports.ObjectId },
    backend: mongodb(collection),
    close: () => client.close(true),
  }
}
