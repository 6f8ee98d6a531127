import assert from 'node:assert/strict'
import { existsSync, symlinkSync, utimesSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  CookieStore,
  FilesystemStore,
  ServerStore,
  type Session,
  SessionError,
  save,
} from 'silverback'
import { memory } from 'silverback/memory'
import { codecsFromPairs, SecureCookie } from 'silverback/securecookie'
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
    assert.ok(!(await readFile(file, 'utf8')).includes('bar'))
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
