import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { read, visit } from '../../support/http/visit.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { projectWith, remove, servers } from '../support/databases.ts'
import { runCli, startCli } from '../support/run-cli.ts'
import { withDatabase } from '../support/sessions.ts'

/** Ends sessions in every way while the command watches. Resolves to what it printed. */
async function watched(url: string, cwd: string): Promise<string> {
  const { child, result, prints } = startCli(['watch', url, '--json'], { cwd })
  await prints('Watching')
  const handle = await withDatabase(url, async ({ backend, pubsub }) => {
    if (!pubsub) throw new Error('no pub/sub')
    const store = new ServerStore(backend, { pubsub })
    const cookie = await visit(store, session => session.login('ann'))
    const one = store.handleOf(await read(store, cookie)) as string
    await visit(store, session => session.destroy(), cookie)
    await store.revokeAll('ann')
    await pubsub.publish('not a notice \x1b[31m')
    return one
  })
  await runCli(['sessions', 'revoke-everything', url, '--yes'], { cwd })
  await prints('"everything"')
  child.kill('SIGINT')
  const { code, stdout } = await result
  assert.equal(code, 130)
  return stdout.replaceAll(handle, 'HANDLE')
}

for (const name of ['redis', 'postgres'] as const) {
  const { programs, drivers, start } = servers[name] as NonNullable<(typeof servers)[string]>
  for (const driver of drivers) {
    suite(`watch ${name} over ${driver}`, needs(...programs), () => {
      const project = projectWith(driver)
      after(() => remove(project))

      test('prints what has ended, one line of JSON each, and ends at Ctrl-C', async () => {
        const database = await start()
        try {
          const lines = (await watched(database.url, project)).trim().split('\n')
          const endings = lines.map(line => JSON.parse(line))
          assert.deepEqual(
            endings.map(({ type }) => type),
            ['session', 'owner', 'everything'],
          )
          assert.deepEqual(endings[0].handles, ['HANDLE'])
        } finally {
          await database.stop()
        }
      })
    })
  }
}

suite('watch', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server.stop())

  test('continues after the connection was lost', async () => {
    const url = `redis://127.0.0.1:${server.port}`
    const { child, result, prints } = startCli(['watch', url])
    await prints('Watching')
    await server.restart()
    await prints('The connection was lost')
    await runCli(['sessions', 'revoke-everything', url, '--yes'])
    await prints('every session')
    child.kill('SIGINT')
    const { stdout, stderr } = await result
    assert.equal(stderr.split('The connection was lost').length, 2)
    assert.match(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}every session\n$/)
  })

  test('is refused for stores without notices, and for a wrong password', async () => {
    const { code, stderr } = await runCli(['watch', 'mysql://127.0.0.1:1/app'])
    assert.equal(code, 3)
    assert.match(stderr, /only Redis and PostgreSQL can/)
    server.cli('config', 'set', 'requirepass', 'correct')
    const wrong = await runCli(['watch', `redis://:hunter2@127.0.0.1:${server.port}`])
    assert.equal(wrong.code, 3)
    assert.match(wrong.stderr, /WRONGPASS|NOAUTH/)
    assert.doesNotMatch(wrong.stderr, /hunter2/)
  })
})
