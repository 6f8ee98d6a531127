/** Adds one to a number in a session on a Redis server `times` times, reading it before and writing it after a pause. */

import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { ServerStore } from 'silverback'
import { redis } from 'silverback/redis'
import { nodeRequest } from '../http/http.ts'

const [port, cookie, times] = process.argv.slice(2) as [string, string, string]
const client = new Redis(Number(port), '127.0.0.1')
const store = new ServerStore(redis(client))

for (let done = 0; done < Number(times); done++) {
  const session = await store.get<{ n: number }>(nodeRequest(cookie), 'sid')
  const increment = async (): Promise<void> => {
    const n = session.values.n ?? 0
    await setTimeout(1)
    session.values.n = n + 1
  }
  await session.exclusive(increment, { wait: 300, hold: 300 })
}
client.disconnect()
