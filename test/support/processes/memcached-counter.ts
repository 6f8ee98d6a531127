/** Increments the number in a record of a memcached server `times` times. */

import { MemcacheClient } from 'memcache-client'
import { memcached } from 'silverback/memcached'

const [server, id, times] = process.argv.slice(2) as [string, string, string]
const client = new MemcacheClient({ server })
const backend = memcached(client)

for (let done = 0; done < Number(times); ) {
  const record = await backend.load(id)
  if (!record) throw new Error('the record is missing')
  const data = Buffer.from(String(Number(Buffer.from(record.data).toString()) + 1))
  const { status } = await backend.update(id, { ...record, data }, record.version)
  if (status === 'updated') done++
}
client.shutdown()
