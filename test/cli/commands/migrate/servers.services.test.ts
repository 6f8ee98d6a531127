import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { newId } from 'silverback'
import { type PostgresServer, startPostgres } from '../../../support/services/postgres-server.ts'
import { needs } from '../../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../../support/services/redis-server.ts'
import { remove, temporaryFolder } from '../../support/databases.ts'
import { recordsOf } from '../../support/records.ts'
import { runCli, startCli } from '../../support/run-cli.ts'
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
    const outputs: string[] = []
    for (let run = 0; ; run++) {
      const { child, result } = startCli(['migrate', ...urls], { cwd: folder })
      const timer = setTimeout(() => child.kill('SIGKILL'), 1500 + 700 * run)
      const { code, stderr, stdout } = await result
      clearTimeout(timer)
      outputs.push(stderr)
      if (code === 0) {
        assert.match(stdout, /all are there/)
        break
      }
      assert.equal(code, null, stderr)
      if (run === 1) await redis.restart()
    }
    assert.ok(outputs.length > 2, `${outputs.length} runs`)
    assert.ok(outputs.some(each => each.includes('Continuing after')))
    assert.ok(outputs.some(each => each.includes('was restarted since the last run')))
    assert.deepEqual(await recordsOf(urls[1]), await recordsOf(urls[0]))
  })

  test('a target that fails is reported in one line, and nothing is lost', async () => {
    const { result } = startCli(['migrate', ...urls], { cwd: folder })
    await new Promise(resolve => setTimeout(resolve, 1200))
    await postgres.restart()
    const { code, stderr } = await result
    if (code !== 0) {
      assert.equal(code, 3)
      assert.match(stderr, /error PostgreSQL at (?!.* at )[^\n]+\n$/)
    }
    assert.equal((await runCli(['migrate', ...urls], { cwd: folder })).code, 0)
  })
})
