import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { newId, ServerStore } from 'silverback'
import { redis } from 'silverback/redis'
import { visit } from '../../../support/http/visit.ts'
import { needs } from '../../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../../support/services/redis-server.ts'
import { spawnCli, startCli } from '../../support/run-cli.ts'

const sessions = 120_000
/** The heap of a process that cannot hold the records of all sessions. */
const smallHeap = { NODE_OPTIONS: '--max-old-space-size=64' }

suite(
  `sessions list with ${sessions} sessions in Redis`,
  needs('redis-server', 'redis-cli'),
  () => {
    let server: RedisServer
    let url: string
    before(async () => {
      server = await startRedis('--appendonly', 'no')
      url = `redis://127.0.0.1:${server.port}`
      const client = new Redis(server.port)
      const backend = redis(client)
      const store = new ServerStore(backend)
      await visit(store, session => session.login('ann'))
      const [info] = await store.sessionsOf('ann')
      const dump = await client.hgetallBuffer(`silverback:${info?.handle}`)
      for (let count = 0; count < sessions; count += 10_000) {
        const pipeline = client.pipeline()
        for (let each = 0; each < 10_000; each++) pipeline.hset(`silverback:${newId()}`, dump)
        await pipeline.exec()
      }
      client.disconnect()
    })
    after(() => server.stop())

    const commands = () =>
      Number(/^total_commands_processed:(\d+)/m.exec(server.cli('info', 'stats'))?.[1])

    test('a page takes few commands and little memory, wherever it is', async () => {
      let cursor: string | undefined
      for (let page = 0; page < 5; page++) {
        const before = commands()
        const args = cursor === undefined ? [] : [`--cursor=${cursor}`]
        const { code, stdout } = await spawnCli(['sessions', 'list', url, '--json', ...args], {
          env: smallHeap,
        })
        assert.equal(code, 0)
        const listed = JSON.parse(stdout)
        assert.ok(listed.sessions.length >= 50 && listed.sessions.length < 100)
        const count = commands() - before
        assert.ok(count < 1000, `page ${page} took ${count} commands`)
        cursor = listed.cursor
      }
    })

    test('all of them are counted', async () => {
      const { stdout } = await spawnCli(['sessions', 'count', url], { env: smallHeap })
      assert.ok(Number(stdout) > sessions, stdout)
    })

    test('Ctrl-C ends the count', async () => {
      // Accepts the connection and never replies.
      const silent = createServer(() => child.kill('SIGINT')).listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const { port } = silent.address() as AddressInfo
      const { child, result } = startCli(['sessions', 'count', `redis://127.0.0.1:${port}`])
      try {
        assert.deepEqual(await result, { code: 130, stdout: '', stderr: '' })
      } finally {
        silent.close()
      }
    })
  },
)
