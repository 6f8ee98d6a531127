import assert from 'node:assert/strict'
import { execFileSync, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs, {
  chmod,
  chown,
  type FileHandle,
  link,
  lstat,
  lutimes,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { filesystem } from 'silverback/filesystem'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { withLock } from '../../src/runtime/file-lock.ts'
import { temporaryPrefix } from '../../src/runtime/files.ts'
import { start } from '../support/processes/process.ts'

const script = (name: string): string =>
  fileURLToPath(new URL(`../support/processes/${name}`, import.meta.url))
const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'silverback-files-'))
const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const pathOf = (folder: string, id: string): string =>
  join(folder, 'records', hashOf(id).slice(0, 2), hashOf(id))
const isWindows = process.platform === 'win32'
const isRoot = process.geteuid?.() === 0
const data = Uint8Array.of(1, 2, 3)
const expires = Math.floor(Date.now() / 1000) + 3600

/** Returns every path below the folder. */
async function everythingIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  return entries.map(entry => join(folder, entry))
}

/** The temporary files and locks, of which there are none when no operation runs. */
async function leftIn(folder: string): Promise<string[]> {
  return (await everythingIn(folder)).filter(
    path => path.includes(temporaryPrefix) || path.includes('.lock'),
  )
}

suite('filesystem', () => {
  const open = async (now: () => number): Promise<OpenBackend> => {
    const folder = await newFolder()
    return {
      backend: filesystem(join(folder, 'sessions'), { now }),
      async close() {
        assert.deepEqual(await leftIn(folder), [])
        await remove(folder)
      },
    }
  }
  backendSuite(test, open)
  raceSuite(test, open, { limit: 5 })
})

suite('filesystem: names and permissions', () => {
  test('files and folders are accessible only to their user', async () => {
    const parent = await newFolder()
    const folder = join(parent, 'a', 'b')
    await filesystem(folder).create('id', { data, expires, owner: 'ann' })
    for (const path of [folder, ...(await everythingIn(folder))]) {
      const stat = await lstat(path)
      assert.equal(stat.mode & 0o777, stat.isDirectory() ? 0o700 : 0o600, path)
    }
    await remove(parent)
  })

  test('ids are never part of a path', async () => {
    const folder = await newFolder()
    const backend = filesystem(join(folder, 'inner'))
    const ids = ['', '.', '..', '../x', '../../x', '/etc/passwd', 'a\0b', 'CON', 'C:', '%2e%2e%2f']
    for (const id of [...ids, 'x'.repeat(5000), 'a\nb', '\\\\host\\share']) {
      await backend.create(id, { data, expires, owner: id })
      assert.deepEqual([...((await backend.load(id))?.data ?? [])], [...data])
      assert.deepEqual(await readdir(folder), ['inner'])
      await backend.delete(id)
    }
    for (const path of await everythingIn(join(folder, 'inner'))) {
      assert.match(path.slice(folder.length), /^\/inner(\/(records|owners)(\/[0-9a-f]+)*)?$/)
    }
    await remove(folder)
  })

  test('file names differ in more than case', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('Ab', { data, expires, owner: 'Ann' })
    await backend.create('aB', { data, expires, owner: 'aNN' })
    const names = (await everythingIn(folder)).map(path => path.toLowerCase())
    assert.equal(new Set(names).size, names.length)
    assert.deepEqual(await backend.ofOwner('Ann'), ['Ab'])
    await remove(folder)
  })

  test('does not follow symbolic links', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('id', { data, expires })
    const path = pathOf(folder, 'id')
    const elsewhere = join(folder, 'elsewhere')
    await rename(path, elsewhere)
    const before = await readFile(elsewhere)
    await symlink(elsewhere, path)
    assert.equal(await backend.load('id'), undefined)
    await backend.create('id', { data: new Uint8Array(9), expires })
    assert.ok((await lstat(path)).isFile())
    assert.deepEqual(await readFile(elsewhere), before)
    await remove(folder)
  })

  test('refuses a link in place of the records folder', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere'), join(folder, 'records'))
    const backend = filesystem(folder)
    await assert.rejects(backend.create('id', { data, expires }), /is a link, not a folder/)
    await rm(join(folder, 'records'))
    await backend.create('id', { data, expires })
    await remove(folder)
  })

  test('refuses folders that others may write to, and works once that is changed', {
    skip: isWindows,
  }, async () => {
    const folder = join(await newFolder(), 'sessions')
    await filesystem(folder).create('id', { data, expires })
    for (const shared of [folder, join(folder, 'records'), join(folder, 'owners')]) {
      for (const mode of [0o777, 0o770, 0o707, 0o2775]) {
        await chmod(shared, mode)
        const message = `other users may write to the directory ${shared}: run "chmod 700 ${shared}"`
        const refusal = (error: Error): boolean => error.message.startsWith(message)
        const backend = filesystem(folder)
        await assert.rejects(backend.load('id'), refusal)
        await assert.rejects(backend.create('other', { data, expires }), refusal)
        await chmod(shared, 0o755)
        assert.ok(await backend.load('id'))
      }
    }
    assert.deepEqual((await readdir(folder)).sort(), ['owners', 'records'])
    // Writes nothing into a folder that it refuses.
    const empty = await newFolder()
    await chmod(empty, 0o777)
    await assert.rejects(filesystem(empty).create('id', { data, expires }), /chmod 700/)
    assert.deepEqual(await readdir(empty), [])
    await chmod(empty, 0o1777)
    assert.equal((await filesystem(empty).create('id', { data, expires })).status, 'created')
    for (const path of [join(folder, '..'), empty]) await remove(path)
  })

  test('refuses a folder that another user has created in a shared one', {
    skip: !isRoot,
  }, async () => {
    const parent = await newFolder()
    await chmod(parent, 0o1777)
    const folder = join(parent, 'sessions')
    await mkdir(folder, { mode: 0o755 })
    await chown(folder, 12345, 12345)
    const backend = filesystem(folder)
    await assert.rejects(backend.load('id'), { message: /sessions belongs to another user/ })
    await chmod(parent, 0o755)
    assert.equal((await backend.create('id', { data, expires })).status, 'created')
    await chown(join(folder, 'records'), 12345, 12345)
    await chmod(folder, 0o1777)
    const again = filesystem(folder)
    await assert.rejects(again.load('id'), { message: /records belongs to another user/ })
    await remove(parent)
  })

  test('ignores files that are not records, or records under another name', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('id', { data, expires })
    await mkdir(join(folder, 'records', hashOf('other').slice(0, 2)), { recursive: true })
    await writeFile(pathOf(folder, 'other'), await readFile(pathOf(folder, 'id')))
    assert.equal(await backend.load('other'), undefined)
    for (const text of [
      '',
      '\n',
      '{}\n',
      'null\n',
      '{"id":"id","expires":9e9,"version":true}\n',
      '[',
    ]) {
      await writeFile(pathOf(folder, 'id'), text)
      assert.equal(await backend.load('id'), undefined)
      assert.deepEqual(await backend.update('id', { data, expires }, 'v'), { status: 'gone' })
    }
    assert.equal((await backend.create('id', { data, expires })).status, 'created')
    await remove(folder)
  })

  test('refuses an invalid folder or lockTimeout', () => {
    for (const folder of ['', 'a\0b', undefined, 5]) {
      assert.throws(() => filesystem(folder as string), /folder must be the path of a folder/)
    }
    assert.throws(() => filesystem('x', { lockTimeout: 0 }), /lockTimeout must be a whole number/)
  })
})

suite('filesystem: several processes', () => {
  test('concurrent increments of several processes lose no update', async () => {
    const folder = await newFolder()
    await filesystem(folder).create('id', { data: Buffer.from('0'), expires })
    const counted: number[] = []
    const counters = Array.from({ length: 3 }, async () => {
      const child = fork(script('folder-counter.ts'), [folder, 'id', '40'])
      child.on('message', number => counted.push(number as number))
      // Unlike `exit`, `close` comes after the last message.
      const code = await new Promise(resolve => child.on('close', resolve))
      assert.equal(code, 0)
    })
    await Promise.all(counters)
    const all = Array.from({ length: 120 }, (_, index) => index + 1)
    assert.deepEqual(
      counted.sort((a, b) => a - b),
      all,
    )
    assert.deepEqual(await leftIn(folder), [])
    await remove(folder)
  })

  test('a process killed during a write leaves a complete record, old or new, and blocks no one', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    const owner = 'ann'
    await backend.create('id', { data: Buffer.from('0'), expires, owner })
    const counted = new Set<number>()
    const signals: (string | null)[] = []
    let kills = 0
    const killOne = async (): Promise<void> => {
      while (kills < 20) {
        const child = fork(script('folder-counter.ts'), [folder, 'id', '1000000'], {
          stdio: 'ignore',
        })
        // Kill it in the middle of its work, a little later each time.
        const enough = 1 + kills++
        await new Promise<void>(resolve => {
          let mine = 0
          child.on('message', number => {
            assert.ok(!counted.has(number as number), 'two processes counted the same number')
            counted.add(number as number)
            if (++mine === enough) setTimeout(() => child.kill('SIGKILL'), Math.random() * 4)
          })
          // A process that gave up waiting for a lock would have exited without a signal.
          child.on('close', (_, signal) => {
            signals.push(signal)
            resolve()
          })
        })
      }
    }
    await Promise.all([killOne(), killOne()])
    assert.deepEqual(new Set(signals), new Set(['SIGKILL']))
    const record = await backend.load('id')
    const text = Buffer.from(record?.data ?? []).toString()
    assert.equal(text.length, 20_000)
    // Every reported number was written. Each killed process may have written one that it did not report.
    assert.ok(Number(text) >= counted.size && Number(text) <= counted.size + kills)
    await backend.touch('id', expires + 1)
    assert.deepEqual(await backend.ofOwner(owner), ['id'])

    // Their leftovers are removed once they are old.
    for (const path of await leftIn(folder)) await lutimes(path, 1, 1)
    assert.equal(await backend.prune(), 0)
    assert.deepEqual(await leftIn(folder), [])
    assert.ok(await backend.load('id'))
    await remove(folder)
  })

  test('the lock of a killed process is broken at once, also by concurrent processes', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('id', { data: Buffer.from('0'), expires })
    for (let round = 0; round < 3; round++) {
      const holder = await start(
        process.execPath,
        ['--import', 'tsx', script('lock-holder.ts'), `${pathOf(folder, 'id')}.lock`],
        /held/,
      )
      holder.process.kill('SIGKILL')
      await holder.stop()
      assert.equal((await leftIn(folder)).length, 1)
      const counters = Array.from({ length: 2 }, async () => {
        const child = fork(script('folder-counter.ts'), [folder, 'id', '5'])
        assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0)
      })
      await Promise.all(counters)
      assert.deepEqual(await leftIn(folder), [])
    }
    assert.equal(Number(Buffer.from((await backend.load('id'))?.data ?? []).toString()), 30)
    await remove(folder)
  })

  test('waits for the lock of a live process, up to lockTimeout', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder, { lockTimeout: 300 })
    await backend.create('id', { data, expires })
    const lock = `${pathOf(folder, 'id')}.lock`
    const holder = await start(
      process.execPath,
      ['--import', 'tsx', script('lock-holder.ts'), lock],
      /held/,
    )
    // The age of the lock of a live process does not matter.
    await lutimes(lock, 1, 1)
    const waiting = [1, 2, 3].map(() =>
      assert.rejects(backend.touch('id', expires), { code: 'store-failed' }),
    )
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    const patient = filesystem(folder)
    assert.ok(await backend.load('id'))
    await Promise.all(waiting)
    await assert.rejects(patient.delete('id', { signal: stop.signal }), { name: 'AbortError' })
    await holder.stop()
    await backend.delete('id')
    await remove(folder)
  })

  test('a lock of an unknown holder is broken after a minute', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    const impatient = filesystem(folder, { lockTimeout: 100 })
    await backend.create('id', { data, expires })
    const lock = `${pathOf(folder, 'id')}.lock`
    for (const text of ['', '1 1 another-machine nonce', `${process.pid}`, '0 1 x y', '-1 1 x y']) {
      await writeFile(lock, text)
      await assert.rejects(impatient.touch('id', expires), { code: 'store-failed' })
      const old = Date.now() / 1000 - 61
      await utimes(lock, old, old)
      await backend.touch('id', expires)
      assert.deepEqual(await leftIn(folder), [])
    }
    await remove(folder)
  })

  test('locks are files where symbolic links are not permitted', async () => {
    const folder = await newFolder()
    const refuse = mock.method(fs, 'symlink', async () => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
    })
    syncBuiltinESMExports()
    try {
      const backend = filesystem(folder)
      await backend.create('id', { data, expires })
      await Promise.all(Array.from({ length: 5 }, (_, i) => backend.touch('id', expires + i)))
      assert.equal((await backend.load('id'))?.expires, expires + 4)
      const lock = `${pathOf(folder, 'id')}.lock`
      await withLock(
        lock,
        async () => {
          assert.ok((await lstat(lock)).isFile())
          const impatient = withLock(lock, async () => assert.fail('held twice'), { deadline: 0 })
          await assert.rejects(impatient, { code: 'store-failed' })
        },
        { deadline: 0 },
      )
      // A lock as a killed process leaves it: no process has this id.
      await withLock(
        lock,
        async () => {
          const [, ...rest] = (await readFile(lock, 'utf8')).split(' ')
          await writeFile(lock, ['4999999', ...rest].join(' '))
          await backend.delete('id')
        },
        { deadline: 0 },
      )
      assert.equal(refuse.mock.callCount() > 5, true)
      assert.deepEqual(await leftIn(folder), [])
    } finally {
      refuse.mock.restore()
      syncBuiltinESMExports()
    }
    await remove(folder)
  })

  test('a lock is broken when its process id now belongs to another process', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder, { lockTimeout: 100 })
    await backend.create('id', { data, expires })
    const lock = `${pathOf(folder, 'id')}.lock`
    const holder = await start(
      process.execPath,
      ['--import', 'tsx', script('lock-holder.ts'), lock],
      /held/,
    )
    const [pid, started, ...rest] = (await readlink(lock)).split(' ')
    await holder.stop()
    await writeFile(lock, [process.pid, `${started}0`, ...rest].join(' '))
    await backend.touch('id', expires)
    assert.notEqual(Number(pid), process.pid)
    await remove(folder)
  })
})

suite('filesystem: a full disk', () => {
  test('keeps the old record complete, and can delete it', async () => {
    const disk = await fullDisk()
    try {
      const backend = filesystem(disk.folder)
      const record = { data: Buffer.alloc(3000, 'x'), expires }
      const created = await backend.create('id', record)
      assert.equal(created.status, 'created')
      const version = created.status === 'created' ? created.version : ''
      await disk.fill()
      const larger = { data: Buffer.alloc(9000, 'y'), expires }
      await assert.rejects(backend.update('id', larger, version), { code: 'ENOSPC' })
      await assert.rejects(backend.create('other', larger), { code: 'ENOSPC' })
      await assert.rejects(backend.touch('id', expires + 1), { code: 'ENOSPC' })
      const kept = await backend.load('id')
      assert.equal(Buffer.from(kept?.data ?? []).toString(), 'x'.repeat(3000))
      assert.equal(kept?.version, version)
      assert.equal(await backend.load('other'), undefined)
      assert.deepEqual(await leftIn(disk.folder), [])
      await backend.delete('id')
      assert.equal(await backend.load('id'), undefined)
      assert.deepEqual(await leftIn(disk.folder), [])
      await disk.empty()
      assert.equal((await backend.create('id', record)).status, 'created')
    } finally {
      await disk.close()
    }
  })

  test('can end a record by an update or touch that has already expired', async () => {
    const disk = await fullDisk()
    try {
      const backend = filesystem(disk.folder)
      const record = { data: Buffer.alloc(3000, 'x'), expires, owner: 'ann' }
      const ended = { data: new Uint8Array(), expires: 0 }
      const created = await backend.create('updated', record)
      await backend.create('touched', record)
      const version = created.status === 'created' ? created.version : ''
      await disk.fill()
      const conflict = await backend.update('updated', ended, 'another version')
      assert.equal(conflict.status, 'conflict')
      assert.equal((await backend.load('updated'))?.version, version)
      assert.equal((await backend.update('updated', ended, version)).status, 'updated')
      assert.equal((await backend.update('updated', ended, version)).status, 'gone')
      await backend.touch('touched', 0)
      for (const id of ['updated', 'touched']) assert.equal(await backend.load(id), undefined)
      assert.deepEqual(await backend.ofOwner('ann'), [])
      assert.deepEqual(await leftIn(disk.folder), [])
      const files = await readdir(join(disk.folder, 'owners'), { recursive: true })
      assert.ok(!files.some(file => file.endsWith(hashOf('updated'))))
    } finally {
      await disk.close()
    }
  })
})

suite('filesystem: a disk without a free inode', () => {
  /** Runs `task` while no symbolic link can be created. */
  async function withoutInodes(task: () => Promise<void>): Promise<void> {
    const refuse = mock.method(fs, 'symlink', async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    })
    syncBuiltinESMExports()
    try {
      await task()
    } finally {
      refuse.mock.restore()
      syncBuiltinESMExports()
    }
  }

  test('ends, deletes and prunes records', async () => {
    const folder = await newFolder()
    let now = 1000
    const backend = filesystem(folder, { now: () => now })
    const record = { data, expires: 2000, owner: 'ann' }
    const created = await backend.create('updated', record)
    const version = created.status === 'created' ? created.version : ''
    for (const id of ['touched', 'deleted', 'owned', 'expired']) await backend.create(id, record)
    await backend.create('lost', { ...record, owner: 'bob' })
    await rm(pathOf(folder, 'lost'))
    await withoutInodes(async () => {
      const over = { data, expires: 0 }
      assert.equal((await backend.update('updated', over, version)).status, 'updated')
      assert.equal((await backend.update('updated', over, version)).status, 'gone')
      await backend.touch('touched', 0)
      await backend.touch('touched', 3000)
      await Promise.all([1, 2, 3].map(() => backend.delete('deleted')))
      await backend.delete('deleted')
      assert.deepEqual((await backend.ofOwner('ann')).sort(), ['expired', 'owned'])
      assert.equal(await backend.deleteOwner('ann', { except: ['expired'] }), 1)
      await assert.rejects(backend.create('new', record), { code: 'ENOSPC' })
      now = 2000
      assert.equal(await backend.prune(), 1)
      // Removes the folders of owners whose last record was pruned.
      assert.equal(await backend.prune(), 0)
    })
    const names = (await everythingIn(folder)).filter(path => /[0-9a-f]{64}/.test(path))
    assert.deepEqual(names, [])
    assert.deepEqual(await leftIn(folder), [])
    await remove(folder)
  })

  test('its locks are exclusive, and broken after a minute', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder, { lockTimeout: 100 })
    await backend.create('id', { data, expires })
    const path = pathOf(folder, 'id')
    await utimes(path, 1, 1)
    const hold = async (task: () => Promise<void>): Promise<void> =>
      withLock(`${path}.lock`, task, { deadline: 0, spare: path })
    await withoutInodes(() =>
      hold(async () => {
        await assert.rejects(backend.delete('id'), { code: 'store-failed' })
        assert.ok(await backend.load('id'))
      }),
    )
    // As a killed process leaves it. Breaking a lock needs an inode.
    await withoutInodes(async () => {
      await link(path, `${path}.lock`)
      await utimes(path, 1, 1)
      await assert.rejects(backend.delete('id'), { code: 'ENOSPC' })
    })
    await backend.delete('id')
    assert.equal(await backend.load('id'), undefined)
    assert.deepEqual(await leftIn(folder), [])
    await remove(folder)
  })
})

interface SmallDisk {
  readonly folder: string
  fill(): Promise<void>
  empty(): Promise<void>
  close(): Promise<void>
}

/** Mounts a small disk, or simulates a full one where mounting is not permitted. */
async function fullDisk(): Promise<SmallDisk> {
  const folder = await newFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return simulatedDisk(folder)
  }
  const filler = join(folder, 'filler')
  return {
    folder,
    async fill() {
      await assert.rejects(writeFile(filler, Buffer.alloc(200_000)), { code: 'ENOSPC' })
    },
    empty: () => rm(filler),
    async close() {
      execFileSync('umount', [folder])
      await remove(folder)
    },
  }
}

async function simulatedDisk(folder: string): Promise<SmallDisk> {
  const handle = await open(folder)
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  return {
    folder,
    async fill() {
      mock.method(prototype, 'writeFile', async function (this: FileHandle) {
        await this.write('half')
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      })
    },
    async empty() {
      mock.restoreAll()
    },
    async close() {
      mock.restoreAll()
      await remove(folder)
    },
  }
}

suite('filesystem: prune', () => {
  test('continues where it was aborted', async () => {
    const folder = await newFolder()
    let now = 1000
    let looks = 0
    const stop = new AbortController()
    const backend = filesystem(folder, {
      now() {
        if (now === 1001 && ++looks === 40) stop.abort()
        return now
      },
    })
    for (let i = 0; i < 60; i++)
      await backend.create(`id${i}`, { data, expires: 1001, owner: 'ann' })
    now = 1001
    const countLeft = async (): Promise<number> =>
      (await everythingIn(join(folder, 'records'))).filter(path => /[0-9a-f]{64}$/.test(path))
        .length
    await assert.rejects(backend.prune({ signal: stop.signal }), { name: 'AbortError' })
    const left = await countLeft()
    assert.ok(left > 0 && left < 60)
    assert.equal(await backend.prune(), left)
    assert.equal(await countLeft(), 0)
    await remove(folder)
  })

  test('removes old leftovers of killed processes and keeps fresh ones', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('id', { data, expires })
    const shard = join(pathOf(folder, 'id'), '..')
    const names = [`${temporaryPrefix}abc`, `${hashOf('x')}.lock`, `${hashOf('x')}.lock-abc`]
    for (const name of names) {
      await writeFile(join(shard, `${name}1`), '')
      await writeFile(join(shard, `${name}2`), '')
      await utimes(join(shard, `${name}1`), 1, 1)
    }
    assert.equal(await backend.prune(), 0)
    const left = await leftIn(folder)
    assert.deepEqual(left.sort(), names.map(name => join(shard, `${name}2`)).sort())
    await remove(folder)
  })

  test('removes markers without a record and folders without a marker', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    await backend.create('kept', { data, expires, owner: 'ann' })
    await backend.create('lost', { data, expires, owner: 'ann' })
    await backend.create('alone', { data, expires, owner: 'bob' })
    await rm(pathOf(folder, 'lost'))
    await rm(pathOf(folder, 'alone'))
    assert.deepEqual(await backend.ofOwner('ann'), ['kept'])
    assert.deepEqual(await backend.ofOwner('bob'), [])
    await backend.prune()
    const markers = (await everythingIn(join(folder, 'owners'))).filter(path =>
      /[0-9a-f]{64}/.test(path),
    )
    const own = join(folder, 'owners', hashOf('ann').slice(0, 2), hashOf('ann'))
    assert.deepEqual(markers.sort(), [own, join(own, hashOf('kept'))].sort())
    assert.deepEqual(await backend.ofOwner('ann'), ['kept'])
    await remove(folder)
  })

  test('never removes the marker of a record that is being created', async () => {
    const folder = await newFolder()
    const backend = filesystem(folder)
    const other = filesystem(folder)
    let pruning = true
    const pruned = (async () => {
      while (pruning) await other.prune()
    })()
    for (let i = 0; i < 40; i++) {
      await backend.create(`id${i}`, { data, expires, owner: 'ann' })
      if (i % 2 === 0) await backend.delete(`id${i}`)
    }
    pruning = false
    await pruned
    assert.equal((await backend.ofOwner('ann')).length, 20)
    await remove(folder)
  })
})
