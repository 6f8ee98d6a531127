import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { writeAll } from '../../../src/cli/init/write.ts'
import { filesIn, folderWith } from './support.ts'

const { signal } = new AbortController()
const created = (path: string, after = 'new\n') => ({ path, before: undefined, after })

suite('writeAll', () => {
  test('creates and changes files, with their folders', t => {
    const folder = folderWith(t, { 'app.js': 'old\n' })
    chmodSync(join(folder, 'app.js'), 0o750)
    writeAll(
      folder,
      [
        created('src/a/b.ts'),
        { ...created('.env', 'KEY=1\n'), isSecret: true },
        { path: 'app.js', before: 'old\n', after: 'changed\n' },
      ],
      signal,
    )
    const expected = { '.env': 'KEY=1\n', 'app.js': 'changed\n', 'src/a/b.ts': 'new\n' }
    assert.deepEqual(filesIn(folder), expected)
    assert.equal(statSync(join(folder, '.env')).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder, 'app.js')).mode & 0o777, 0o750)
  })

  test('a failed write undoes everything', t => {
    const before = { 'app.js': 'old\n', file: '' }
    const folder = folderWith(t, before)
    const changes = [
      created('src/a/b.ts'),
      { path: 'app.js', before: 'old\n', after: 'changed\n' },
      created('file/c.ts'), // in a folder that is a file
    ]
    assert.throws(() => writeAll(folder, changes, signal), {
      name: 'FailedError',
      message: /^file\/c\.ts cannot be written, so nothing was changed/,
    })
    assert.deepEqual(filesIn(folder), before)
    assert.throws(() => statSync(join(folder, 'src')), { code: 'ENOENT' })
  })

  test('a failed rename undoes the earlier ones', t => {
    const folder = folderWith(t, { 'app.js': 'old\n', 'last/keep': '' })
    const changes = [
      created('src/a.ts'),
      { path: 'app.js', before: 'old\n', after: 'changed\n' },
      created('z.ts'),
    ]
    // The signal is read last before the renames: then another program puts a folder in the way.
    let reads = 0
    const late = {
      aborted: false,
      throwIfAborted() {
        if (++reads === changes.length + 1) {
          mkdirSync(join(folder, 'z.ts'))
          writeFileSync(join(folder, 'z.ts/file'), '')
        }
      },
    } as AbortSignal
    assert.throws(() => writeAll(folder, changes, late), /z\.ts cannot be written/)
    assert.deepEqual(filesIn(folder), { 'app.js': 'old\n', 'last/keep': '', 'z.ts/file': '' })
  })

  test('a file that another program has changed since stays', t => {
    const before = { 'app.js': 'edited\n' }
    const folder = folderWith(t, before)
    const changes = [created('a.ts'), { path: 'app.js', before: 'old\n', after: 'changed\n' }]
    assert.throws(() => writeAll(folder, changes, signal), {
      name: 'FailedError',
      message: /app\.js was changed by another program/,
    })
    assert.deepEqual(filesIn(folder), before)
  })

  test('an aborted signal: nothing is written', t => {
    const folder = folderWith(t, {})
    const reason = new Error('Ctrl-C')
    assert.throws(() => writeAll(folder, [created('a/b.ts')], AbortSignal.abort(reason)), reason)
    assert.deepEqual(filesIn(folder), {})
  })

  test('a symbolic link stays one', t => {
    const folder = folderWith(t, { 'shared/env': 'A=1\n' })
    symlinkSync('shared/env', join(folder, '.env'))
    writeAll(folder, [{ path: '.env', before: 'A=1\n', after: 'A=1\nB=2\n' }], signal)
    assert.equal(readFileSync(join(folder, 'shared/env'), 'utf8'), 'A=1\nB=2\n')
  })

  test('a killed process leaves each file old or new, and the next call completes it', async t => {
    const files = Array.from({ length: 40 }, (_, index) => `src/${index}.ts`)
    const changes = files.map(path => created(path, `${path}\n`.repeat(2000)))
    const plans = folderWith(t, { 'changes.json': JSON.stringify(changes) })
    const script = `
      import { readFileSync } from 'node:fs'
      import { writeAll } from ${JSON.stringify(import.meta.resolve('../../../src/cli/init/write.ts'))}
      const changes = JSON.parse(readFileSync(process.argv[2], 'utf8'))
      process.stdout.write('.')
      writeAll(process.argv[1], changes, new AbortController().signal)`
    for (const delayMs of [0, 2, 5, 10]) {
      const folder = folderWith(t, {})
      const child = spawn(
        process.execPath,
        [
          '--import',
          import.meta.resolve('tsx'),
          '--input-type=module',
          '-e',
          script,
          folder,
          join(plans, 'changes.json'),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const ended = new Promise(resolve => child.once('close', resolve))
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delayMs))
      await ended
      const left = filesIn(folder)
      for (const { path, after } of changes) {
        if (path in left) assert.equal(left[path], after)
      }
      writeAll(
        folder,
        changes.filter(({ path }) => !(path in left)),
        signal,
      )
      assert.deepEqual(Object.keys(filesIn(folder)).sort(), [...files].sort())
    }
  })
})
