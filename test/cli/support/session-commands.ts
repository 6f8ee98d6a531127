/** Tests of the commands for sessions that every database has to pass. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database } from './databases.ts'
import { runCli, spawnCli } from './run-cli.ts'
import { signIn } from './sessions.ts'

/** Registers the tests. The database holds nothing else. */
export function sessionCommands(start: () => Promise<Database>, cwd: string = process.cwd()): void {
  let database: Database
  let env: Record<string, string>
  let handles: string[]
  const owners = ['ann', 'bob', 'cid', 'dora', 'eve']

  before(async () => {
    database = await start()
    env = { ...database.env, SESSION_STORE_URL: database.url }
    Object.assign(process.env, database.env)
    handles = await signIn(database.url, owners)
  })
  after(() => database?.stop())

  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli([...args, '--json'], { env, cwd })
    assert.equal(stderr, '')
    assert.equal(code, 0)
    return JSON.parse(stdout)
  }

  test('list prints handles, owners and times, as a process', async () => {
    const { code, stdout, stderr } = await spawnCli(['sessions', 'list', database.url], {
      env,
      cwd,
    })
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assert.match(stdout, /^handle +name +owner +begun +last seen +expires +device\n/)
    for (const [index, owner] of owners.entries()) {
      const row = stdout.split('\n').find(line => line.includes(` ${owner} `)) as string
      assert.ok(row.startsWith((handles[index] as string).slice(0, 12)))
      assert.match(row, /\d{4}-\d\d-\d\d \d\d:\d\dZ/)
      assert.ok(!stdout.includes(handles[index] as string), 'the whole handle is not printed')
    }
  })

  test('pages follow each other until the list is complete', async () => {
    const seen = new Set<string>()
    let cursor: string | undefined
    do {
      const page = await json(
        'sessions',
        'list',
        '--limit',
        '2',
        ...(cursor ? [`--cursor=${cursor}`] : []),
      )
      for (const { handle } of page.sessions) seen.add(handle)
      cursor = page.cursor
    } while (cursor !== undefined)
    assert.deepEqual([...seen].sort(), [...handles].sort())
  })

  test('list and count by owner', async () => {
    const { sessions } = await json('sessions', 'list', '--owner', 'bob')
    assert.deepEqual(
      sessions.map((each: { handle: string }) => each.handle),
      [handles[1]],
    )
    assert.deepEqual(await json('sessions', 'count', '--owner', 'bob'), { count: 1 })
    assert.deepEqual(await json('sessions', 'count', '--owner', 'nobody'), { count: 0 })
    const { count } = await json('sessions', 'count')
    assert.ok(count >= owners.length)
  })

  test('show finds a session by the beginning of its handle, and hides secrets', async () => {
    const [handle] = handles as [string]
    const show = async (...args: string[]) =>
      (await runCli(['sessions', 'show', handle.slice(0, 12), ...args], { env, cwd })).stdout
    const plain = await show()
    assert.match(plain, new RegExp(`^handle +${handle}\nname +sid\nowner +ann\n`))
    // A handle is random, so it may contain either.
    assert.doesNotMatch(plain.replaceAll(handle, ''), /book|tok_/)
    const values = await show('--values')
    assert.match(values, /cart: \S+\n +0: "book"/)
    assert.match(values, /apiToken: "\[redacted\]"/)
    assert.match(await show('--values', '--reveal'), /apiToken: "tok_1234567890"/)
    const shown = await json('sessions', 'show', handle, '--values')
    assert.deepEqual(shown.values, { cart: ['book'], apiToken: '[redacted]' })
  })

  test('show exits with 1 for a session that does not exist', async () => {
    for (const handle of ['A'.repeat(43), 'AAAAAAAAAAAA', `--${'A'.repeat(41)}`, '-AAAAAAAAAAA']) {
      const { code, stdout } = await runCli(['sessions', 'show', handle], { env, cwd })
      assert.equal(code, 1)
      assert.match(stdout, /There is no session [A-]+\./)
    }
  })

  test('revoke ends one session, and only once', async () => {
    const [handle] = handles as [string]
    const revoke = () => runCli(['sessions', 'revoke', handle.slice(0, 12)], { env, cwd })
    const first = await revoke()
    assert.match(first.stdout, /^Ended session [\w-]{12}\.\n$/)
    assert.equal(first.code, 0)
    assert.equal((await revoke()).code, 1)
    assert.deepEqual(await json('sessions', 'count', '--owner', 'ann'), { count: 0 })
  })

  test('revoke-all ends those of one owner, and asks nobody without a terminal', async () => {
    const refused = await runCli(['sessions', 'revoke-all', '--owner', 'bob'], { env, cwd })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /Pass --yes/)
    assert.deepEqual(await json('sessions', 'revoke-all', '--owner', 'bob', '--yes'), {
      revoked: 1,
    })
    assert.deepEqual(await json('sessions', 'count', '--owner', 'bob'), { count: 0 })
    assert.deepEqual(await json('sessions', 'count', '--owner', 'cid'), { count: 1 })
  })

  test('prune and revoke-everything', async () => {
    const { code } = await runCli(['sessions', 'prune'], { env, cwd })
    assert.equal(code, 0)
    await json('sessions', 'revoke-everything', '-y')
    assert.deepEqual(await json('sessions', 'list'), { sessions: [] })
  })
}
