import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { read, visit } from '../../../support/http/visit.ts'
import { type MemcachedServer, startMemcached } from '../../../support/services/memcached-server.ts'
import { needs } from '../../../support/services/programs.ts'
import { runCli } from '../../support/run-cli.ts'
import { withDatabase } from '../../support/sessions.ts'

suite('sessions in memcached', needs('memcached'), () => {
  let server: MemcachedServer
  let url: string
  before(async () => {
    server = await startMemcached()
    url = `memcached://${server.address}`
  })
  after(() => server.stop())

  test('cannot be listed, which is explained', async () => {
    for (const args of [['list'], ['count'], ['list', '--owner', 'ann']]) {
      const { code, stderr } = await runCli(['sessions', ...args, url])
      assert.equal(code, 3)
      assert.match(stderr, /memcached cannot list its keys.*revoke-everything works\./)
    }
  })

  test('are shown and ended by their whole handles', async () => {
    const handle = await withDatabase(url, async ({ backend }) => {
      const store = new ServerStore(backend)
      const cookie = await visit(store, session => session.login('ann'))
      return store.handleOf(await read(store, cookie)) as string
    })
    assert.match((await runCli(['sessions', 'show', handle, url])).stdout, /owner +ann/)
    assert.equal((await runCli(['sessions', 'revoke', handle, url])).code, 0)
    assert.equal((await runCli(['sessions', 'show', handle, url])).code, 1)
    assert.equal((await runCli(['sessions', 'revoke-everything', url, '--yes'])).code, 0)
  })
})
