import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { goSession } from 'silverback/go/migrate'
import { filesystemStore } from 'silverback/gorilla'
import { put, read, visit } from '../../../support/http/visit.ts'
import { remove, temporaryFolder } from '../../support/databases.ts'
import { runCli } from '../../support/run-cli.ts'
import { withDatabase } from '../../support/sessions.ts'

suite('migrate from the stores of Go programs', () => {
  const folder = temporaryFolder()
  after(() => remove(folder))

  test('copies sessions without their keys, and goSession reads the copies', async () => {
    const old = filesystemStore(`${folder}/go`, 'a hash key of at least thirty-two bytes')
    const cookie = await visit(old, put({ user: 'ann' }))
    const [from, to] = [`file:${folder}/go`, `sqlite:${folder}/copies.db`]
    const args = ['migrate', from, to, '--from-format', 'gorilla-filesystem', '--json']
    const copied = await runCli(args, { cwd: folder })
    assert.equal(copied.stderr, '')
    const { read: found, created, different } = JSON.parse(copied.stdout)
    assert.deepEqual([found, created, different], [1, 1, 0])
    const again = await runCli(args, { cwd: folder })
    assert.equal(JSON.parse(again.stdout).same, 1)

    await withDatabase(to, async ({ backend }) => {
      const store = new ServerStore(backend, {
        legacyReaders: [goSession(old, { copies: backend })],
      })
      assert.equal((await read(store, cookie)).values.user, 'ann')
    })
  })
})
