import { ServerStore } from 'silverback'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { signIn, withDatabase } from '../support/sessions.ts'
import type { Recordings } from './recording.ts'

/** Ends sessions once the command has subscribed. */
async function endSome(server: RedisServer, url: string, handle: string): Promise<void> {
  while (!server.cli('pubsub', 'numsub', 'silverback:notices').endsWith('1')) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await withDatabase(url, async ({ backend, pubsub }) => {
    const store = new ServerStore(backend, { ...(pubsub && { pubsub }) })
    await store.revoke(handle)
    await store.revokeAll('bob')
    await store.revokeEverything()
  })
}

const recordings: Recordings = {
  watch: {
    async prepare() {
      const server = await startRedis()
      const url = `redis://127.0.0.1:${server.port}`
      const [handle = ''] = await signIn(url, ['ann', 'bob'])
      void endSome(server, url, handle)
      return {
        env: { SESSION_STORE_URL: url },
        replace: [
          [handle.slice(0, 12), 'b3Jcm9sXq2Lw'],
          [`127.0.0.1:${server.port}`, 'localhost:6379'],
        ],
        stop: () => server.stop(),
      }
    },
    steps: [{ command: 'npx silverback watch', type: [{ after: 'every session', keys: '\x03' }] }],
    replace: [[/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/gm, '2026-11-02 08:14:07Z']],
  },
}

export default recordings
