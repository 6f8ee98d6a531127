/**
 * Increments the number in a record of a folder `times` times, or until it is killed. Sends each number to its
 * parent after writing it.
 */

import { filesystem } from 'silverback/filesystem'

const [folder, id, times] = process.argv.slice(2) as [string, string, string]
// Less than the minute after which the lock of an unknown holder is broken.
const backend = filesystem(folder, { lockTimeout: 50_000 })

for (let done = 0; done < Number(times); ) {
  const record = await backend.load(id)
  if (!record) throw new Error('the record is missing')
  const text = String(Number(Buffer.from(record.data).toString()) + 1)
  // Long enough that an interrupted write would be noticed.
  const data = Buffer.from(text.padStart(20_000, '0'))
  const result = await backend.update(id, { ...record, data }, record.version)
  if (result.status !== 'updated') continue
  done++
  process.send?.(Number(text))
}
process.disconnect()
