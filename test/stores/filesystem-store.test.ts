import assert from 'node:assert/strict'
import { existsSync, symlinkSync, utimesSync } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, mock, suite, test } from 'node:test'
import {
  CookieStore,
  FilesystemStore,
  Sealed,
  ServerStore,
  type Session,
  SessionError,
  save,
} from 'silverback'
import { filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { codecsFromPairs, SecureCookie } from 'silverback/securecookie'
import { withKeyLock } from '../../src/lib/keyed-mutex.ts'
import { temporaryPrefix } from '../../src/runtime/files.ts'
import {
  cookieHeader,
  cookieOf,
  nodeRequest,
  nodeResponse,
  setCookieLines,
} from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'silverback-'))
  folders.push(folder)
  return folder
}

async function newStore(): Promise<FilesystemStore> {
  return new FilesystemStore(await newFolder(), { keys })
}

async function visit(
  store: FilesystemStore,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const request = nodeRequest(cookie)
  const response = nodeResponse()
  change(await store.get(request, 'sid'))
  await save(request, response)
  return cookieHeader(response)
}

const setFoo = (session: Session): void => {
  session.values.foo = 'bar'
}

const onlyFile = async (folder: string): Promise<string> => {
  const files = await readdir(folder)
  assert.equal(files.length, 1, files.join())
  return join(folder, files[0] as string)
}

function isTooLong(error: unknown): boolean {
  assert.ok(error instanceof SessionError)
  assert.equal(error.code, 'value-too-long')
  assert.match(error.message, /session "sid" needs a file of \d+ characters, and the limit is \d+$/)
  return true
}

/** The file of the session with this cookie. */
async function pathOf(store: FilesystemStore, cookie: string): Promise<string> {
  const { id } = await store.new(nodeRequest(cookie), 'sid')
  return join(store.path, `session_${id}`)
}

suite('a filesystem store', () => {
  test('stores each session in its own file, readable only by its user', async () => {
    const folder = join(await newFolder(), 'made', 'for', 'it')
    const store = new FilesystemStore(folder, { keys })
    const cookie = await visit(store, setFoo)
    const session = await store.get(nodeRequest(cookie), 'sid')
    assert.deepEqual(session.values, { foo: 'bar' })
    assert.match(session.id as string, /^[A-Z2-7]{52}$/)
    const file = await onlyFile(folder)
    assert.ok(file.endsWith(`session_${session.id}`))
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    assert.ok(!(await readFile(file, 'utf8')).includes('"bar"'))
    assert.ok(!cookie.includes(session.id as string))
  })

  test('cookies and files of one kind of store are invalid for another kind with the same keys', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    const value = cookie.slice('sid='.length)
    const other = new CookieStore({ keys })
    assert.equal((await other.get(nodeRequest(cookie), 'sid')).reason, 'bad-mac')
    const file = await readFile(await onlyFile(store.path), 'utf8')
    assert.equal((await other.get(nodeRequest(`sid=${file}`), 'sid')).reason, 'bad-mac')
    assert.equal((await store.get(nodeRequest(`sid=${file}`), 'sid')).reason, 'bad-mac')
    const server = new ServerStore(memory(), { keys })
    assert.equal((await server.get(nodeRequest(`sid=${value}`), 'sid')).reason, 'bad-mac')
  })

  test('a changed session keeps its id and file', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    const { id } = await store.get(nodeRequest(cookie), 'sid')
    const next = await visit(
      store,
      ({ values }) => {
        values.foo = 'baz'
      },
      cookie,
    )
    const session = await store.get(nodeRequest(next), 'sid')
    assert.equal(session.id, id)
    assert.equal(session.values.foo, 'baz')
    await onlyFile(store.path)
  })

  test('writes nothing for unchanged sessions', async () => {
    const store = await newStore()
    assert.equal(await visit(store, () => undefined), '')
    assert.deepEqual(await readdir(store.path), [])
    const cookie = await visit(store, setFoo)
    const file = await onlyFile(store.path)
    utimesSync(file, 1, 1)
    assert.equal(await visit(store, () => undefined, cookie), '')
    assert.equal((await stat(file)).mtimeMs, 1000)
  })

  test('deletes file and cookie, also if the file is already gone', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    for (let i = 0; i < 2; i++) {
      const request = nodeRequest(cookie)
      const response = nodeResponse()
      const session = await store.new(request, 'sid')
      session.options.maxAge = -1
      await session.save(request, response)
      assert.equal(cookieOf(response, 'sid')?.maxAge, 0)
      assert.deepEqual(await readdir(store.path), [])
    }
  })

  test('a slower request does not restore a deleted session', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    const slow = await store.get(nodeRequest(cookie), 'sid')
    await visit(
      store,
      session => {
        session.options.maxAge = 0
      },
      cookie,
    )
    slow.values.foo = 'late'
    const response = nodeResponse()
    await slow.save(nodeRequest(cookie), response)
    assert.deepEqual(await readdir(store.path), [])
    assert.deepEqual(setCookieLines(response), [])
    const session = await store.get(nodeRequest(cookie), 'sid')
    assert.equal(session.reason, 'unknown-id')
    assert.equal(session.id, undefined)
  })

  test('keeps the old file if the session cannot be encoded', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    const before = await readFile(await onlyFile(store.path), 'utf8')
    await assert.rejects(
      visit(
        store,
        ({ values }) => {
          values.act = () => 1
        },
        cookie,
      ),
    )
    assert.equal(await readFile(await onlyFile(store.path), 'utf8'), before)
  })

  test('refuses attributes that browsers reject before it writes a file', async () => {
    const store = await newStore()
    await assert.rejects(
      visit(store, session => {
        setFoo(session)
        session.options = { sameSite: 'none' }
      }),
      /sameSite 'none' requires secure/,
    )
    assert.deepEqual(await readdir(store.path), [])
  })

  test('prune removes old sessions and temporary files of killed processes', async () => {
    const store = await newStore()
    await visit(store, setFoo)
    const old = (await onlyFile(store.path)).replace(/session_.*/, 'session_OLD')
    const alien = join(store.path, 'README')
    const left = join(store.path, `${temporaryPrefix}left`)
    const fresh = join(store.path, `${temporaryPrefix}fresh`)
    for (const file of [old, alien, left, fresh]) await writeFile(file, 'x')
    for (const file of [old, alien, left]) utimesSync(file, 1, 1)
    assert.equal(await store.prune(), 2)
    assert.ok(!existsSync(old) && !existsSync(left))
    assert.ok(existsSync(alien) && existsSync(fresh))
    assert.equal((await readdir(store.path)).length, 3)
    await assert.rejects(store.prune(0), RangeError)
  })

  test('prune does nothing if there is no directory yet', async () => {
    const store = new FilesystemStore(join(await newFolder(), 'missing'), { keys })
    assert.equal(await store.prune(), 0)
  })

  test('prune copes with files that disappear, and keeps a session that is saved meanwhile', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    utimesSync(await onlyFile(store.path), 1, 1)
    for (let i = 0; i < 50; i++) {
      const file = join(store.path, `session_${i}`)
      await writeFile(file, 'x')
      utimesSync(file, 1, 1)
    }
    const path = await pathOf(store, cookie)
    let pruned: Promise<number[]> | undefined
    await withKeyLock(path, async () => {
      // Both have found the old file, and wait for the save that holds the lock.
      pruned = Promise.all([store.prune(), store.prune()])
      await new Promise(resolve => setTimeout(resolve, 50))
      utimesSync(path, Date.now() / 1000, Date.now() / 1000)
    })
    await pruned
    assert.deepEqual(await readdir(store.path), [basename(path)])
  })

  test('prune keeps directories and the files of other users', async () => {
    const store = await newStore()
    await visit(store, setFoo)
    const old = await onlyFile(store.path)
    const directory = join(store.path, 'session_directory')
    await mkdir(directory)
    for (const path of [old, directory]) utimesSync(path, 1, 1)
    if (process.geteuid) {
      const other = mock.method(process as { geteuid(): number }, 'geteuid', () => 12345)
      assert.equal(await store.prune(), 0)
      other.mock.restore()
    }
    assert.equal(await store.prune(), 1)
    assert.deepEqual(await readdir(store.path), [basename(directory)])
  })

  test('reads every file that it writes, and refuses to write a larger one', async () => {
    const store = await newStore()
    const cookie = await visit(store, ({ values }) => {
      values.text = 'x'.repeat(100_000)
    })
    const { values } = await store.get<{ text: string }>(nodeRequest(cookie), 'sid')
    assert.equal(values.text?.length, 100_000)
    const enlarge = (session: Session): void => {
      session.values.text = 'x'.repeat(12_600_000)
    }
    await assert.rejects(visit(store, enlarge, cookie), isTooLong)
    await assert.rejects(visit(store, enlarge), isTooLong)
    await onlyFile(store.path)
    const kept = await store.get<{ text: string }>(nodeRequest(cookie), 'sid')
    assert.equal(kept.values.text?.length, 100_000)
  })

  test('refuses to write what its own codecs would not read', async () => {
    const codecs = [new Sealed({ keys, maxLength: 1000 })]
    const store = new FilesystemStore(await newFolder(), { codecs })
    const save = visit(store, ({ values }) => {
      values.text = 'x'.repeat(1000)
    })
    await assert.rejects(save, isTooLong)
    assert.deepEqual(await readdir(store.path), [])
  })

  test("without Go's limit, files are limited to what is read", async () => {
    const store = filesystemStore(await newFolder(), 'a key')
    store.maxLength(0)
    const cookie = await visit(store, ({ values }) => {
      values.bytes = new Uint8Array(5_000_000)
    })
    const { values } = await store.get<{ bytes: Uint8Array }>(nodeRequest(cookie), 'sid')
    assert.equal(values.bytes?.length, 5_000_000)
    const enlarge = (session: Session): void => {
      session.values.bytes = new Uint8Array(10_000_000)
    }
    await assert.rejects(visit(store, enlarge, cookie), isTooLong)
    assert.equal((await store.new(nodeRequest(cookie), 'sid')).isNew, false)
  })

  test('100 concurrent saves leave one complete file', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        visit(
          store,
          ({ values }) => {
            values.foo = `${i}`.repeat(1000)
          },
          cookie,
        ),
      ),
    )
    const { values } = await store.get(nodeRequest(cookie), 'sid')
    assert.match(values.foo as string, /^(\d{1,2})\1{999}$/)
    await onlyFile(store.path)
  })
})

suite('the id in a sealed session file', () => {
  const named =
    (user: string) =>
    (session: Session): void => {
      session.values.user = user
    }

  test('a file that is copied over that of another session does not open', async () => {
    const store = await newStore()
    const [ann, bob] = [await visit(store, named('Ann')), await visit(store, named('Bob'))]
    await copyFile(await pathOf(store, ann), await pathOf(store, bob))
    const session = await store.get(nodeRequest(bob), 'sid')
    assert.equal(session.reason, 'bad-mac')
    assert.deepEqual(session.values, {})
    assert.equal((await store.get(nodeRequest(ann), 'sid')).values.user, 'Ann')
  })

  test('a rotated session is bound to its new id', async () => {
    const store = await newStore()
    const before = await visit(store, named('Ann'))
    const after = await visit(store, session => session.rotate(), before)
    assert.equal((await store.get(nodeRequest(after), 'sid')).values.user, 'Ann')
  })

  test('a file without an id is read, and bound to its id by the next save', async () => {
    let now = Math.floor(Date.now() / 1000)
    const store = new FilesystemStore(await newFolder(), { keys, now: () => now })
    const [ann, bob] = [await visit(store, named('Ann')), await visit(store, named('Bob'))]
    const file = await pathOf(store, ann)
    const unbound = new Sealed({ keys, purpose: 'session file', now: () => now })
    await writeFile(file, unbound.encode('sid', { user: 'Ann' }, { startedAt: now - 100 }))
    const session = await store.get(nodeRequest(ann), 'sid')
    assert.equal(session.values.user, 'Ann')
    const next = await visit(store, () => undefined, ann)
    assert.equal((await store.get(nodeRequest(next), 'sid')).values.user, 'Ann')
    assert.equal(await pathOf(store, next), file)
    await copyFile(file, await pathOf(store, bob))
    assert.equal((await store.get(nodeRequest(bob), 'sid')).reason, 'bad-mac')

    await writeFile(file, unbound.encode('sid', { user: 'Ann' }, { maxAge: 10 }))
    now += 10
    assert.equal((await store.get(nodeRequest(next), 'sid')).reason, 'expired')
  })

  test("files of Go's codecs are encoded under the name alone", async () => {
    const codecs = codecsFromPairs(['a key'])
    const store = new FilesystemStore(await newFolder(), { codecs })
    await visit(store, named('Ann'))
    const content = await readFile(await onlyFile(store.path), 'utf8')
    assert.deepEqual(codecs[0]?.decode('sid', content), { user: 'Ann' })
  })
})

suite('the directory of a filesystem store', { skip: process.platform === 'win32' }, () => {
  // Contains the prefix of session files, which errors hide together with the id.
  const newDirectory = async (): Promise<string> => {
    const directory = join(await newFolder(), 'session_files')
    await mkdir(directory)
    return directory
  }

  const refusalOf = (directory: string) => (error: unknown) => {
    assert.ok(error instanceof SessionError)
    assert.equal(error.code, 'store-failed')
    const message = `other users may write to the directory ${directory}: run "chmod 700 ${directory}"`
    assert.ok(error.message.includes(message), error.message)
    return true
  }

  for (const mode of [0o777, 0o770, 0o707, 0o2775]) {
    test(`is refused with mode ${mode.toString(8)}`, async () => {
      const directory = await newDirectory()
      const cookie = await visit(new FilesystemStore(directory, { keys }), setFoo)
      await chmod(directory, mode)
      const store = new FilesystemStore(directory, { keys })
      await assert.rejects(store.get(nodeRequest(cookie), 'sid'), refusalOf(directory))
      await assert.rejects(visit(store, setFoo), refusalOf(directory))
      await onlyFile(directory)
      await chmod(directory, 0o700)
      assert.equal((await store.get(nodeRequest(cookie), 'sid')).values.foo, 'bar')
      await visit(store, setFoo)
    })
  }

  for (const mode of [0o1777, 0o755, 0o700]) {
    test(`is used with mode ${mode.toString(8)}`, async () => {
      const directory = await newDirectory()
      await chmod(directory, mode)
      const store = new FilesystemStore(directory, { keys })
      const cookie = await visit(store, setFoo)
      assert.equal((await store.get(nodeRequest(cookie), 'sid')).values.foo, 'bar')
    })
  }

  test("is the system's by default, as in Go", async () => {
    const store = filesystemStore('', 'a key')
    assert.equal(store.path, tmpdir())
    const cookie = await visit(store, setFoo)
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).values.foo, 'bar')
    await rm(await pathOf(store, cookie))
  })
})

suite('damaged session files', () => {
  const withFile = async (
    change: (file: string) => Promise<unknown>,
  ): Promise<{ store: FilesystemStore; cookie: string }> => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    await change(await onlyFile(store.path))
    return { store, cookie }
  }

  for (const [what, change, reason] of [
    ['gone', file => rm(file), 'unknown-id'],
    ['empty', file => writeFile(file, ''), 'malformed'],
    ['truncated', async file => writeFile(file, (await readFile(file)).subarray(0, -4)), 'bad-mac'],
    ['garbage', file => writeFile(file, '\u0000\u00ff'), 'malformed'],
    ['a folder', file => rm(file).then(() => mkdir(file)), 'unknown-id'],
    ['huge', file => writeFile(file, Buffer.alloc(16 * 1024 * 1024 + 1)), 'unknown-id'],
  ] as [string, (file: string) => Promise<unknown>, string][]) {
    test(`a file that is ${what} starts a new session`, async () => {
      const { store, cookie } = await withFile(change)
      const session = await store.get(nodeRequest(cookie), 'sid')
      assert.deepEqual(session.values, {})
      assert.ok(session.isNew)
      assert.equal(session.reason, reason)
      assert.equal(session.id, undefined)
    })
  }

  test('symbolic links are not followed', async () => {
    const { store, cookie } = await withFile(async file => {
      const target = join(await newFolder(), 'target')
      await writeFile(target, await readFile(file))
      await rm(file)
      symlinkSync(target, file)
    })
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'unknown-id')
  })

  test('the cookie of one session name is invalid for another', async () => {
    const store = await newStore()
    const cookie = await visit(store, setFoo)
    const other = cookie.replace('sid=', 'other=')
    assert.equal((await store.get(nodeRequest(other), 'other')).reason, 'bad-mac')
  })

  test('an unreadable folder rejects with store-failed and shows no id', async t => {
    if (process.getuid?.() === 0) {
      // File modes do not restrict the superuser, so replace the folder by a file.
      const { store, cookie } = await withFile(async () => undefined)
      await rm(store.path, { recursive: true })
      await writeFile(store.path, '')
      await failsWithoutId(store, cookie)
      return
    }
    const { store, cookie } = await withFile(file => chmod(file, 0))
    await failsWithoutId(store, cookie)
    t.diagnostic('as an ordinary user')
  })

  async function failsWithoutId(store: FilesystemStore, cookie: string): Promise<void> {
    await assert.rejects(store.get(nodeRequest(cookie), 'sid'), (error: unknown) => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'store-failed')
      assert.ok(error.isInternal)
      const cause = error.cause as NodeJS.ErrnoException
      assert.ok(['ENOTDIR', 'EACCES'].includes(cause.code as string))
      assert.doesNotMatch(`${error.stack}${cause.stack}${cause.path}`, /session_[A-Z2-7]/)
      return true
    })
  }
})

suite('ids in the cookies of a filesystem store', () => {
  const codecs = codecsFromPairs(['a key'])
  const { encode } = {
    encode: (id: unknown) => new SecureCookie({ hashKey: 'a key' }).encode('sid', id),
  }

  for (const id of [
    '../../etc/passwd',
    '..',
    '.',
    '',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '..\\x',
    '%2e%2e%2f',
    'a\u0000b',
    'CON.txt',
    'C:',
    'x'.repeat(300),
    'a b',
    'ä',
    { $ne: null },
    ['a'],
    7,
  ]) {
    test(`${JSON.stringify(id).slice(0, 30)} is malformed even with a valid signature`, async () => {
      const store = new FilesystemStore(await newFolder(), { codecs })
      const session = await store.get(nodeRequest(`sid=${encode(id)}`), 'sid')
      assert.equal(session.reason, 'malformed')
    })
  }

  test('an id that the store did not issue is not adopted', async () => {
    const store = new FilesystemStore(await newFolder(), { codecs })
    const chosen = 'A'.repeat(52)
    const cookie = await visit(store, setFoo, `sid=${encode(chosen)}`)
    const { id } = await store.get(nodeRequest(cookie), 'sid')
    assert.ok(id && id !== chosen)
    assert.deepEqual(await readdir(store.path), [`session_${id}`])
  })
})
