import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach, suite, test } from 'node:test'
import { newId, ServerStore } from 'silverback'
import { migrating } from 'silverback/migrating'
import { look, read, visit } from '../../../support/http/visit.ts'
import { quiet, remove, temporaryFolder } from '../../support/databases.ts'
import { recordsOf } from '../../support/records.ts'
import { interruptedMigration, runCli, spawnCli } from '../../support/run-cli.ts'
import { signIn, withDatabase } from '../../support/sessions.ts'

suite('migrate', () => {
  const folder = temporaryFolder()
  after(() => remove(folder))

  let count = 0
  let [from, to] = ['', '']
  beforeEach(() => {
    count++
    from = `sqlite:${folder}/from-${count}.db`
    to = `file:${folder}/to-${count}`
  })

  const migrate = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(['migrate', from, to, '--json', ...args], {
      cwd: folder,
    })
    return { code, stderr, ...(stdout && JSON.parse(stdout)) }
  }

  /** Fills the source with records that no store reads. */
  const fill = (records: number) =>
    withDatabase(from, async ({ backend, client }) => {
      // One transaction syncs the disk once.
      client.exec('BEGIN')
      const expires = Math.floor(Date.now() / 1000) + 3600
      for (let each = 0; each < records; each++) {
        const owner = newId()
        await backend.create(newId(), { data: Uint8Array.of(1, each & 255), expires, owner })
      }
      client.exec('COMMIT')
    })

  const checkpoints = () =>
    readdirSync(folder).filter(name => name.startsWith('silverback-migrate-'))

  test('copies all records with their ids, expiries and owners', async () => {
    await signIn(from, ['ann', 'bob', 'cid'])
    const first = await migrate()
    assert.equal(first.code, 0)
    assert.equal(first.created, first.read)
    assert.equal(first.compared, first.read)
    assert.deepEqual(await recordsOf(to), await recordsOf(from))
    const { sessions } = JSON.parse(
      (await runCli(['sessions', 'list', to, '--owner', 'bob', '--json'])).stdout,
    )
    assert.equal(sessions.length, 1)

    const second = await migrate()
    assert.equal(second.same, first.read)
    assert.equal(second.created + second.updated + second.kept, 0)
    assert.deepEqual(checkpoints(), [])
  })

  test('cookies stay valid, and ended sessions stay ended', async () => {
    const cookies = await withDatabase(from, async ({ backend }) => {
      const store = new ServerStore(backend)
      const old = await visit(store, session => session.login('eve'))
      await store.revokeEverything()
      const ended = await visit(store, session => session.login('dan'))
      await store.revokeAll('dan')
      return [old, ended, await visit(store, session => session.login('ann'))] as const
    })
    assert.equal((await migrate()).code, 0)
    await withDatabase(to, async ({ backend }) => {
      const store = new ServerStore(backend)
      const owners = await Promise.all(
        cookies.map(async cookie => (await read(store, cookie)).owner),
      )
      assert.deepEqual(owners, [undefined, undefined, 'ann'])
    })
  })

  test('a newer session at the target is kept, and an older one is replaced', async () => {
    const [one, other] = [newId(), newId()]
    const expires = Math.floor(Date.now() / 1000) + 3600
    const put = (url: string, id: string, content: number, later: number) =>
      withDatabase(url, async ({ backend }) => {
        const record = { data: Uint8Array.of(1, content), expires: expires + later }
        const current = await backend.load(id)
        if (current) await backend.update(id, record, current.version)
        else await backend.create(id, record)
      })
    await put(from, one, 1, 0)
    await put(to, one, 2, 60)
    await put(from, other, 3, 60)
    await put(to, other, 4, 0)
    const { kept, updated, different } = await migrate()
    assert.deepEqual([kept, updated, different], [1, 1, 0])
    const copies = await recordsOf(to)
    assert.deepEqual(copies.get(one)?.data, Uint8Array.of(1, 2))
    assert.deepEqual(copies.get(other)?.data, Uint8Array.of(1, 3))
  })

  test('an id that was replaced after the first copy is replaced at the target', async () => {
    const cookie = await withDatabase(from, ({ backend }) =>
      visit(new ServerStore(backend), session => {
        session.values.cart = ['book']
      }),
    )
    await migrate()
    await withDatabase(from, ({ backend }) =>
      visit(new ServerStore(backend), session => void session.rotate(), cookie),
    )
    await migrate()
    await withDatabase(to, async ({ backend }) => {
      assert.equal((await read(new ServerStore(backend), cookie)).isNew, true)
    })
  })

  test('a dry run changes nothing', async () => {
    await fill(20)
    await withDatabase(to, ({ backend }) => backend.load(newId()))
    const { created, dryRun, code } = await migrate('--dry-run')
    assert.deepEqual([created, dryRun, code], [20, true, 0])
    assert.equal((await recordsOf(to)).size, 0)
    assert.deepEqual(checkpoints(), [])
  })

  test('a migration that is killed again and again finishes', async () => {
    await fill(1200)
    const run = () => interruptedMigration('SIGKILL', 10, [from, to], { cwd: folder, env: quiet })
    const [first, second, third] = [await run(), await run(), await run()]
    assert.deepEqual([first.code, second.code, third.code], [null, null, 0], third.stderr)
    assert.doesNotMatch(first.stderr, /Continuing after/)
    assert.match(second.stderr, /Continuing after 500 records/)
    assert.match(third.stderr, /Continuing after 1,000 records/)
    assert.deepEqual(await recordsOf(to), await recordsOf(from))
    assert.deepEqual(checkpoints(), [])
  })

  test('Ctrl-C stops between two pages, and the next run continues there', async () => {
    to = `sqlite:${folder}/to-${count}.db`
    await fill(1200)
    const { code, stderr, stdout } = await interruptedMigration('SIGINT', 0, [from, to], {
      cwd: folder,
      env: quiet,
    })
    assert.equal(code, 130)
    assert.equal(stdout, '')
    assert.match(stderr, /^Interrupted\. Run the same command again to continue\.\n$/)
    assert.equal((await recordsOf(to)).size, 500)
    const next = await spawnCli(['migrate', from, to, '--json'], { cwd: folder, env: quiet })
    assert.match(next.stderr, /Continuing after 500 records/)
    assert.equal(JSON.parse(next.stdout).read, 1200)
    assert.deepEqual(await recordsOf(to), await recordsOf(from))
  })

  test('--move moves the sessions of an app that runs on both', async () => {
    const cookie = await withDatabase(from, ({ backend }) =>
      visit(new ServerStore(backend), session => session.login('ann')),
    )
    await signIn(from, ['bob', 'cid'])
    const { code, created, read: found } = await migrate('--move')
    assert.equal(code, 0)
    assert.equal(created, found)
    assert.equal((await recordsOf(from)).size, 0)
    await withDatabase(from, one =>
      withDatabase(to, async other => {
        const store = new ServerStore(migrating(one.backend, other.backend))
        assert.equal((await read(store, cookie)).owner, 'ann')
        await visit(store, look, cookie)
      }),
    )
  })

  const wrong: [args: string[], message: RegExp][] = [
    [['sqlite:a.db'], /Pass two stores: silverback migrate FROM TO/],
    [['sqlite:a.db', 'sqlite:a.db'], /FROM and TO are the same store/],
    [['sqlite:a.db', 'file:b', '--from-format', 'conect-redis'], /did you mean connect-redis\?/],
    [
      ['sqlite:a.db', 'file:b', '--from-format', 'connect-redis'],
      /connect-redis is for redis, not sqlite/,
    ],
    [
      ['file:a', 'file:b', '--from-format', 'session-file-store', '--move'],
      /--move needs a store of Silverback/,
    ],
    [['file:a', 'file:b', '--move', '--dry-run'], /cannot be combined/],
    [['--from-env', 'NOPE', 'file:b'], /--from-env: the variable NOPE is not set/],
  ]
  for (const [args, message] of wrong) {
    test(`refuses "${args.join(' ')}"`, async () => {
      const { code, stderr } = await runCli(['migrate', ...args], { cwd: folder })
      assert.equal(code, 2)
      assert.match(stderr, message)
    })
  }

  test('a source that does not exist is not created', async () => {
    const { code, stderr } = await migrate()
    assert.equal(code, 3)
    assert.match(stderr, /there is no file/)
    assert.ok(!readdirSync(folder).includes(join(`from-${count}.db`)))
  })
})
