import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parseKeyFile } from '../../../src/cli/rotate-keys/key-file.ts'
import { rotate } from '../../../src/cli/rotate-keys/rotate.ts'
import { CookieStore, keyring } from '../../../src/index.ts'
import { runCli, spawnCli, startCli } from '../support/run-cli.ts'

const folder = () => mkdtemp(join(tmpdir(), 'silverback-rotate-'))
const key = (seed: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 7 + seed) % 256)).toString('base64')
const daysAgo = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+/, '')

async function rotateIn(cwd: string, ...args: string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { code, stdout, stderr } = await runCli(['rotate-keys', 'keys', '--json', ...args], { cwd })
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

const keysIn = (text: string): string[] => text.match(/^[^\s#]+/gm) ?? []

test('creates the file, for its owner only, and puts a new key in front each time', async () => {
  const cwd = await folder()
  await rotateIn(cwd)
  await rotateIn(cwd)
  const path = join(cwd, 'keys')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const text = await readFile(path, 'utf8')
  assert.match(text, /^\S{44} # created \S+Z\n\S{44} # created \S+Z, replaced \S+Z\n$/)
  await rotateIn(cwd)
  const after = keysIn(await readFile(path, 'utf8'))
  assert.deepEqual(after.slice(1), keysIn(text))
  assert.deepEqual(await readdir(cwd), ['keys'])
})

test('drops keys when they have been replaced for their lifetime', async () => {
  const cwd = await folder()
  const lines = [
    '# keys of the shop',
    `${key(1)} # created ${daysAgo(31)}`,
    '',
    `${key(2)} # created ${daysAgo(60)}, replaced ${daysAgo(29)}`,
    `${key(3)} # created ${daysAgo(90)}, replaced ${daysAgo(31)}`,
    `${key(4)}`,
    '# the end',
  ]
  await writeFile(join(cwd, 'keys'), `${lines.join('\n')}\n`, { mode: 0o600 })
  const { keys, dropped } = await rotateIn(cwd)
  assert.deepEqual([keys.length, dropped.length], [4, 1])
  const text = await readFile(join(cwd, 'keys'), 'utf8')
  assert.deepEqual(keysIn(text).slice(1), [key(1), key(2), key(4)])
  const [heading, first] = text.split('\n')
  assert.equal(heading, '# keys of the shop')
  assert.match(first ?? '', /^\S{44} # created/)
  assert.match(text, /\n# the end\n$/)
  // Nobody knows when the last one was replaced, so it stays for its whole lifetime from now on.
  assert.match(text, /= # replaced \S+\n# the end/)
  assert.equal((await rotateIn(cwd, '--max-age', '28d')).dropped.length, 1)
  assert.equal((await rotateIn(cwd, '--max-age', '0')).keys.length, 1)
})

test('--dry-run changes nothing', async () => {
  const cwd = await folder()
  const path = join(cwd, 'keys')
  await writeFile(path, `${key(1)}\n`)
  const { dryRun, keys } = await rotateIn(cwd, '--dry-run')
  assert.deepEqual([dryRun, keys.length, keys[0].id], [true, 2, undefined])
  assert.equal(await readFile(path, 'utf8'), `${key(1)}\n`)
  assert.deepEqual(await readdir(cwd), ['keys'])
})

test('never prints a key, and keeps the mode of the file', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'keys'), `${key(1)}\n`, { mode: 0o640 })
  await chmod(join(cwd, 'keys'), 0o640)
  const { stdout, stderr } = await runCli(['rotate-keys', 'keys'], { cwd })
  for (const each of keysIn(await readFile(join(cwd, 'keys'), 'utf8'))) {
    assert.ok(!`${stdout}${stderr}`.includes(each.slice(0, 12)))
  }
  assert.equal((await stat(join(cwd, 'keys'))).mode & 0o777, 0o640)
  assert.equal(stderr, '')
  await chmod(join(cwd, 'keys'), 0o644)
  const open = await runCli(['rotate-keys', 'keys'], { cwd })
  assert.match(open.stderr, /Every user of this machine can access keys/)
})

test('replaces the file behind a symbolic link, not the link', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, 'real'), `${key(1)}\n`, { mode: 0o600 })
  await symlink('real', join(cwd, 'keys'))
  await rotateIn(cwd)
  assert.equal(keysIn(await readFile(join(cwd, 'real'), 'utf8')).length, 2)
})

test('--stage lets every process know a key before the first one seals with it', async () => {
  const cwd = await folder()
  const order = async () => keysIn(await readFile(join(cwd, 'keys'), 'utf8'))
  await rotateIn(cwd, '--stage')
  await rotateIn(cwd, '--stage')
  const [first, staged] = await order()
  assert.ok(first && staged)
  await rotateIn(cwd, '--stage')
  const after = await order()
  assert.deepEqual([after.length, after[0], after[2]], [3, staged, first])
})

for (const [name, content, message] of [
  ['a .env file', `SESSION_KEY=${key(1)}\n`, /line 1 is a variable/],
  ['a short key', `${key(1)}\nshort\n`, /line 2 has \d bytes/],
] as const) {
  test(`refuses ${name}, and does not change it`, async () => {
    const cwd = await folder()
    await writeFile(join(cwd, 'keys'), content)
    const { code, stderr } = await runCli(['rotate-keys', 'keys'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, message)
    assert.equal(await readFile(join(cwd, 'keys'), 'utf8'), content)
  })
}

test('refuses a wrong duration, and a folder that is missing', async () => {
  const cwd = await folder()
  const wrong = await runCli(['rotate-keys', 'keys', '--max-age', 'a month'], { cwd })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--max-age is a month; it must be a number of seconds/)
  await writeFile(join(cwd, 'file'), '')
  const missing = await runCli(['rotate-keys', 'file/keys'], { cwd })
  assert.equal(missing.code, 3)
})

test('concurrent runs add one key each', async () => {
  const cwd = await folder()
  const runs = Array.from({ length: 4 }, () => spawnCli(['rotate-keys', 'keys'], { cwd }))
  for (const { code, stderr } of await Promise.all(runs)) assert.deepEqual([code, stderr], [0, ''])
  assert.equal(keysIn(await readFile(join(cwd, 'keys'), 'utf8')).length, 4)
})

suite('an app that reads the file', () => {
  test('opens cookies of older keys until they are dropped', async () => {
    const cwd = await folder()
    await rotateIn(cwd)
    // As in docs/cli/rotate-keys.md.
    const provide = async () =>
      (await readFile(join(cwd, 'keys'), 'utf8')).match(/^[^\s#]+/gm) ?? []
    const newApp = () => new CookieStore({ keys: keyring(provide) })
    const response = new Response()
    const session = await newApp().get<{ user?: string }>({ headers: {} }, 'login')
    session.values.user = 'ann'
    await session.save(new Request('https://localhost'), response)
    const cookie = (response.headers.get('set-cookie') as string).split(';')[0] as string
    const open = () => newApp().get<{ user?: string }>({ headers: { cookie } }, 'login')

    await rotateIn(cwd)
    await rotateIn(cwd)
    assert.equal((await open()).values.user, 'ann')
    await rotateIn(cwd, '--max-age', '0')
    assert.equal((await open()).reason, 'unknown-key')
  })
})

test('a key that was replaced in the future is kept', () => {
  const file = parseKeyFile(
    `${key(1)}\n${key(2)} # created 2999-01-01T00:00:00Z, replaced 2999-01-01T00:00:00Z\n`,
  )
  const { dropped } = rotate(file, { key: key(3), now: new Date(), maxAge: 60, stage: false })
  assert.deepEqual(dropped, [])
})

test('a run that is killed leaves the old file or the new one', async () => {
  const cwd = await folder()
  await rotateIn(cwd)
  // Killed at its first change of the folder, at the second one, and so on: the lock, the new file, its new name.
  for (let change = 1; change <= 12; change++) {
    const before = keysIn(await readFile(join(cwd, 'keys'), 'utf8'))
    const { child, result } = startCli(['rotate-keys', 'keys'], { cwd })
    let changes = 0
    const watcher = watch(cwd, () => {
      if (++changes === change) child.kill('SIGKILL')
    })
    await result
    watcher.close()
    const after = keysIn(await readFile(join(cwd, 'keys'), 'utf8'))
    assert.deepEqual(after.slice(-before.length), before)
    assert.ok(after.length - before.length <= 1)
  }
  assert.equal((await rotateIn(cwd)).dropped.length, 0)
})
