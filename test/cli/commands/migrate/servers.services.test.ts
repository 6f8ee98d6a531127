import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { newId } from 'silverback'
import { type PostgresServer, startPostgres } from '../../../support/services/postgres-server.ts'
import { needs } from '../../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../../support/services/redis-server.ts'
import { until } from '../../../support/until.ts'
import { remove, temporaryFolder } from '../../support/databases.ts'
import { recordsOf } from '../../support/records.ts'
import { interruptedMigration, runCli, spawnCli, startCli } from '../../support/run-cli.ts'
import { withDatabase } from '../../support/sessions.ts'

const records = 20_000

suite('migrate from Redis to PostgreSQL', needs('redis-server', 'postgres', 'initdb'), () => {
  const folder = temporaryFolder()
  let redis: RedisServer
  let postgres: PostgresServer
  let urls: [string, string]
  before(async () => {
    ;[redis, postgres] = await Promise.all([startRedis('--appendfsync', 'no'), startPostgres()])
    urls = [`redis://127.0.0.1:${redis.port}`, postgres.url]
    await withDatabase(urls[0], async ({ backend }) => {
      const expires = Math.floor(Date.now() / 1000) + 3600
      const one = (index: number) =>
        backend.create(newId(), { data: Uint8Array.of(1, index & 255), expires, owner: newId() })
      for (let count = 0; count < records; count += 1000) {
        await Promise.all(Array.from({ length: 1000 }, (_, index) => one(count + index)))
      }
    })
  })
  after(async () => {
    await Promise.all([redis.stop(), postgres.stop()])
    remove(folder)
  })

  test('finishes although it is killed, and the server of its cursors is restarted', async () => {
    const killed = () => interruptedMigration('SIGKILL', 10, urls, { cwd: folder })
    assert.equal((await killed()).code, null)
    await redis.restart()
    const restarted = await killed()
    assert.equal(restarted.code, null)
    assert.match(restarted.stderr, /was restarted since the last run/)
    const { code, stdout, stderr } = await spawnCli(['migrate', ...urls], { cwd: folder })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /Continuing after/)
    assert.match(stdout, /all are there/)
    assert.deepEqual(await recordsOf(urls[1]), await recordsOf(urls[0]))
  })

  test('a target that fails is reported in one line, and nothing is lost', async () => {
    const { result } = startCli(['migrate', ...urls], { cwd: folder })
    const ended = result.then(() => true)
    const isCopying = () => readdirSync(folder).some(name => name.startsWith('silverback-migrate-'))
    await Promise.race([ended, until('a checkpoint', isCopying)])
    await postgres.restart()
    const { code, stderr } = await result
    if (code !== 0) {
      assert.equal(code, 3)
      assert.match(stderr, /error PostgreSQL at (?!.* at )[^\n]+\n$/)
    }
    assert.equal((await runCli(['migrate', ...urls], { cwd: folder })).code, 0)
  })
})
