import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { runCli, spawnCli } from '../support/run-cli.ts'
import { starters } from './starters.ts'
import { filesIn, folderWith, manifest } from './support.ts'

suite('silverback init', () => {
  test('--dry-run prints the differences without secrets, and writes nothing', async t => {
    const before = { ...starters.express, '.env': 'TOKEN=hunter2\n' }
    const cwd = folderWith(t, before)
    const { code, stdout, stderr } = await runCli(['init', '--dry-run'], { cwd })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^\+SESSION_KEY=…$/m)
    assert.match(stdout, /^\+app\.use\(sessions\(login\), signInRoutes\(login\)\)$/m)
    assert.match(stdout, /7 files would be written/)
    assert.doesNotMatch(stdout, /hunter2/)
    assert.deepEqual(filesIn(cwd), before)
  })

  test('--yes writes, and a second call changes nothing', async t => {
    const cwd = folderWith(t, starters.fastify)
    const first = await runCli(['init', '--yes', '--store', 'file'], { cwd })
    assert.equal(first.code, 0)
    assert.match(first.stdout, /1\. npm install silverback\n2\. Run the test: node --test/)
    const written = filesIn(cwd)
    const key = /SESSION_KEY=(.+)/.exec(String(written['.env']))?.[1] ?? ''
    assert.equal(Buffer.from(key, 'base64').length, 32)
    assert.ok(!first.stdout.includes(key))
    const second = await runCli(['init', '--yes', '--store', 'redis'], { cwd })
    assert.equal(second.stdout, 'Sessions are set up already, in server.js.\nNothing to change.\n')
    assert.deepEqual(filesIn(cwd), written)
  })

  test('--json', async t => {
    const cwd = folderWith(t, starters.hono)
    const { stdout } = await runCli(['init', '--yes', '--json'], { cwd })
    const result = JSON.parse(stdout)
    assert.equal(result.status, 'written')
    assert.deepEqual([result.framework, result.store], ['hono', 'cookie'])
    assert.deepEqual(result.install, ['npm install silverback'])
    assert.deepEqual(result.files.at(-1), { path: 'src/index.ts', action: 'change' })
  })

  const refused: [name: string, files: object, args: string[], code: number, message: RegExp][] = [
    ['no terminal', starters.express, [], 2, /needs a terminal\. Pass --yes to write/],
    ['an unknown store', starters.express, ['--yes', '--store=mongo'], 2, /mongo/],
    ['no package.json', {}, ['--yes'], 3, /There is no package\.json in this folder/],
    ['invalid JSON', { 'package.json': '{' }, ['--yes'], 3, /not valid JSON/],
    [
      'a monorepo',
      { 'package.json': manifest({ workspaces: ['apps/*'] }) },
      ['--yes'],
      3,
      /root of a monorepo/,
    ],
    [
      'two frameworks',
      { 'package.json': manifest({ dependencies: { hono: '4', fastify: '5' } }) },
      ['--yes'],
      3,
      /has fastify and hono\. Name the framework: --framework=fastify\|hono/,
    ],
    [
      'no server',
      { 'package.json': '{}', 'src/main.js': '' },
      ['--dry-run'],
      3,
      /no framework and no server/,
    ],
  ]
  for (const [name, files, args, code, message] of refused) {
    test(`refuses: ${name}`, async t => {
      const cwd = folderWith(t, files as Record<string, string>)
      const result = await runCli(['init', ...args], { cwd })
      assert.equal(result.code, code)
      assert.match(result.stderr, message)
      assert.deepEqual(filesIn(cwd), files)
    })
  }

  test('--framework decides between several', async t => {
    const dependencies = { hono: '4', fastify: '5' }
    const cwd = folderWith(t, { 'package.json': manifest({ dependencies }) })
    const { code, stdout } = await runCli(['init', '--yes', '--framework=hono'], { cwd })
    assert.equal(code, 0)
    assert.match(stdout, /\+ server\.js/)
  })

  test('an aborted signal: nothing is written', async t => {
    const cwd = folderWith(t, starters.express)
    const signal = AbortSignal.abort()
    assert.equal((await runCli(['init', '--yes'], { cwd, signal })).code, 130)
    assert.deepEqual(filesIn(cwd), starters.express)
  })

  test('a folder that cannot be written: everything is as before', async t => {
    const before = { ...starters.express, test: 'a file' }
    const cwd = folderWith(t, before)
    const { code, stderr } = await runCli(['init', '--yes'], { cwd })
    assert.equal(code, 3)
    assert.match(stderr, /test\/sessions\.test\.js cannot be written, so nothing was changed/)
    assert.deepEqual(filesIn(cwd), before)
  })

  /** A folder with a `pnpm` that writes its arguments to a file, and exits with a code. */
  function fakePackageManager(t: Parameters<typeof folderWith>[0], exitCode: number) {
    const cwd = folderWith(t, { ...starters.hono, 'pnpm-lock.yaml': '' })
    const bin = join(cwd, 'node_modules/.bin')
    mkdirSync(bin, { recursive: true })
    const script = `#!/bin/sh\necho "$@" >> '${cwd}/calls.txt'\necho installing\nexit ${exitCode}\n`
    writeFileSync(join(bin, 'pnpm'), script)
    chmodSync(join(bin, 'pnpm'), 0o755)
    return { cwd, env: { PATH: `${bin}:${process.env.PATH}` } }
  }

  test('--install runs the package manager of the project', async t => {
    const { cwd, env } = fakePackageManager(t, 0)
    const args = ['init', '--yes', '--json', '--install', '--store=redis']
    const { code, stdout, stderr } = await spawnCli(args, { cwd, env })
    assert.equal(code, 0)
    assert.deepEqual([JSON.parse(stdout).status, JSON.parse(stdout).install], ['installed', []])
    assert.match(stderr, /\$ pnpm add silverback ioredis\ninstalling/)
    assert.equal(filesIn(cwd)['calls.txt'], 'add silverback ioredis\n')
  })

  test('--install that fails says what to run', async t => {
    const { cwd, env } = fakePackageManager(t, 1)
    const { code, stderr } = await spawnCli(['init', '--yes', '--install'], { cwd, env })
    assert.equal(code, 3)
    assert.match(
      stderr,
      /files are written, but the packages are missing\. Run: pnpm add silverback/,
    )
    assert.ok('src/sessions.ts' in filesIn(cwd))
  })
})
