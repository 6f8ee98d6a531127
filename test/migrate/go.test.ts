import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'libsql'
import { ServerStore, type SessionStore, type Values } from 'silverback'
import { memcache } from 'silverback/go/memcache'
import { type CopiedPage, copyGoSessions, goSession, plainValues } from 'silverback/go/migrate'
import { sqlitestore } from 'silverback/go/sqlitestore'
import { xormstoreSqlite } from 'silverback/go/xormstore'
import { go } from 'silverback/gob'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { load, name, visit } from '../interop/visit.ts'
import { keys } from '../support/keys.ts'
import { found, login, testMove } from './move.ts'

const keyPairs = ['h'.repeat(32), 'b'.repeat(32)]
const otherPairs = ['o'.repeat(32)]
const folder = mkdtempSync(join(tmpdir(), 'silverback-go-'))
after(() => rmSync(folder, { recursive: true }))

testMove("from gorilla's CookieStore", () => ({
  old: goApp(cookieStore(...keyPairs)),
  reader: changed => goSession(cookieStore(...keyPairs), { cookie: name, ...changed }),
  others: {
    'another key': goSession(cookieStore(...otherPairs), { cookie: name }),
    'another name': goSession(cookieStore(...keyPairs), { cookie: 'other' }),
  },
  cookies: [name],
}))

testMove("from gorilla's FilesystemStore", () => ({
  old: goApp(filesystemStore(folder, ...keyPairs)),
  reader: changed => goSession(filesystemStore(folder, ...keyPairs), { cookie: name, ...changed }),
  others: {
    'another key': goSession(filesystemStore(folder, ...otherPairs), { cookie: name }),
    'another name': goSession(filesystemStore(folder, ...keyPairs), { cookie: 'other' }),
    'copies that were not made': goSession(filesystemStore(folder, ...keyPairs), {
      cookie: name,
      copies: memory(),
    }),
  },
  cookies: [name],
}))

suite('goSession', () => {
  test('has values without Go types by default, and others if the program converts them', async () => {
    const values = {
      text: go.string(new Uint8Array([0xff])),
      list: [go.complex64(1, -2), new Map([[go.int8(1), 'one']])],
      url: go.opaque('*url.URL', new Uint8Array([1]), 'binary'),
      at: new Date(5000),
      big: 2n ** 60n,
    }
    const store = cookieStore(...keyPairs)
    const { value } = await visit(store, undefined, ({ values: own, keyed }) => {
      Object.assign(own, values)
      keyed.set(7, go.string(new Uint8Array([0xfe])))
    })
    const sent = { [name]: value }

    const plain = {
      text: new Uint8Array([0xff]),
      list: [[1, -2], new Map([[1, 'one']])],
      url: new Uint8Array([1]),
      at: new Date(5000),
      big: 2n ** 60n,
    }
    const read = (await found(goSession(store), sent, name)) as Values
    assert.deepEqual({ ...read, ...plain }, read)
    assert.deepEqual(go.keyed(read), new Map([[7, new Uint8Array([0xfe])]]))
    const target = new ServerStore(memory(), { keys, legacyReaders: [goSession(store)] })
    const moved = await visit(target, value, session => void session.peekFlashes())
    assert.deepEqual((await load(target, moved.value)).values.list, plain.list)

    const typed = await found(goSession(store, { values: own => own }), sent, name)
    assert.equal(go.typeOf(typed, 'big'), 'int64')
    const reader = goSession(store, { values: own => ({ when: own.at }) })
    assert.deepEqual(await found(reader, sent, name), { when: new Date(5000) })
  })

  test('moves a visitor to a ServerStore under the same cookie name, and leaves the record', async () => {
    const old = filesystemStore(folder, ...keyPairs)
    const { value } = await visit(old, undefined, put({ user: 'ann' }))
    const target = new ServerStore(memory(), { keys, legacyReaders: [goSession(old)] })
    const moved = await visit(target, value, session => {
      assert.equal(session.renewal, 'foreign')
      session.values.visits = 1
    })
    const back = await load(new ServerStore(memory(), { keys }), moved.value)
    assert.equal(back.isNew, true)
    assert.deepEqual((await load(target, moved.value)).values, { user: 'ann', visits: 1 })
    assert.deepEqual((await load(old, value)).values, { user: 'ann' })
  })

  test('rejects when the storage fails', async () => {
    const store = xormstoreSqlite(new Database(':memory:'), { keyPairs })
    const { database, open } = xorm()
    const { value } = await visit(open(), undefined, put({ a: 1 }))
    database.close()
    const sent = { [name]: value }
    await assert.rejects(found(goSession(store), sent, name), { code: 'store-failed' })
    const copies = { ...memory(), load: () => Promise.reject(new Error('down')) }
    await assert.rejects(found(goSession(store, { copies }), sent, name), { code: 'store-failed' })
  })

  test('refuses wrong arguments', () => {
    const store = cookieStore(...keyPairs)
    const none = undefined as never
    assert.throws(() => goSession(none), /^TypeError: goSession takes a store of silverback\/go/)
    assert.throws(() => goSession(store, { cookie: '' }), /cookie must not be empty/)
    assert.throws(() => goSession(store, { values: 5 as never }), /values must be a function/)
    assert.throws(() => goSession(store, { key: 'x' } as never), /no option key/)
    assert.throws(() => goSession(store, { copies: memory() }), /cannot be copied/)
    const files = filesystemStore(folder, ...keyPairs)
    assert.throws(() => goSession(files, { copies: 5 as never }), /takes a backend/)
  })
})

test('plainValues copies values, also those under __proto__', () => {
  const values = JSON.parse('{"__proto__": {"a": [1]}, "b": null}')
  const copy = plainValues(values)
  assert.deepEqual(copy, values)
  assert.notEqual(copy, values)
  assert.ok(Object.hasOwn(copy, '__proto__'))
})

suite('copyGoSessions', () => {
  test('copies the records of a database, a page at a time', async () => {
    const { open } = xorm()
    const cookies: string[] = []
    for (let n = 0; n < 230; n++) cookies.push((await visit(open(), undefined, put({ n }))).value)
    const copies = memory()
    const pages = await all(copyGoSessions(open(), copies))
    assert.deepEqual(
      pages.map(({ read, copied }) => [read, copied]),
      [
        [100, 100],
        [100, 100],
        [30, 30],
      ],
    )
    assert.equal(pages.at(-1)?.cursor, undefined)
    // The storage of Go is not needed any more: this database is empty.
    const reader = goSession(xorm().open(), { copies })
    for (const [n, value] of cookies.entries()) {
      assert.deepEqual(await found(reader, { [name]: value }, name), { n })
    }
    assert.equal(await found(reader, { [name]: cookies[0]?.slice(1) ?? '' }, name), undefined)
    assert.equal(await found(reader, {}, name), undefined)
  })

  test('continues where another run stopped, and repeats without copying twice', async () => {
    const { open } = xorm()
    for (let n = 0; n < 120; n++) await visit(open(), undefined, put({ n }))
    const copies = memory()
    let cursor: string | undefined
    for await (const page of copyGoSessions(open(), copies)) {
      cursor = page.cursor
      break
    }
    assert.ok(cursor)
    assert.deepEqual(await all(copyGoSessions(open(), copies, { cursor })), [
      { read: 20, copied: 20, cursor: undefined },
    ])
    const again = await all(copyGoSessions(open(), copies))
    assert.deepEqual(
      again.map(({ read, copied }) => [read, copied]),
      [
        [100, 0],
        [20, 0],
      ],
    )
  })

  test('replaces the copy of a record that has changed', async () => {
    const { open } = xorm()
    const { value } = await visit(open(), undefined, put({ a: 1 }))
    const copies = memory()
    await all(copyGoSessions(open(), copies))
    await visit(open(), value, put({ a: 2 }))
    assert.deepEqual(await all(copyGoSessions(open(), copies)), [
      { read: 1, copied: 1, cursor: undefined },
    ])
    const reader = goSession(open(), { copies })
    assert.deepEqual(await found(reader, { [name]: value }, name), { a: 2 })
  })

  test('copies the expiry, and no record that has expired', async () => {
    let clock = Date.now() / 1000
    const now = (): number => clock
    const { open } = xorm(now)
    const brief = await visit(open(), undefined, session => {
      session.values.a = 1
      session.options.maxAge = 60
    })
    const copies = memory({ now })
    await all(copyGoSessions(open(), copies, { now }))
    const reader = goSession(open(), { copies, now })
    const sent = { [name]: brief.value }
    clock += 59
    assert.deepEqual(await found(reader, sent, name), { a: 1 })
    clock += 2
    assert.equal(await found(reader, sent, name), undefined)
    assert.deepEqual(await all(copyGoSessions(open(), memory({ now }), { now })), [
      { read: 0, copied: 0, cursor: undefined },
    ])
  })

  test('does not let the cookie of an earlier row open the copy of a later one', async () => {
    let clock = Date.now() / 1000 - 1000
    const database = new Database(':memory:')
    database.exec(
      'CREATE TABLE s (id INTEGER PRIMARY KEY, session_data LONGBLOB, created_on TIMESTAMP,' +
        ' modified_on TIMESTAMP, expires_on TIMESTAMP)',
    )
    const store = sqlitestore(database, { keyPairs, table: 's', now: () => clock })
    const first = await visit(store, undefined, put({ user: 'ann' }))
    await visit(store, first.value, session => session.destroy())
    clock += 500
    const second = await visit(store, undefined, put({ user: 'bob' }))
    database.prepare('UPDATE s SET id = ?').run(Number(first.session.id))
    const copies = memory()
    await all(copyGoSessions(store, copies))
    const reader = goSession(store, { copies })
    assert.equal(await found(reader, { [name]: first.value }, name), undefined)
    assert.notEqual(second.session.id, first.session.id)
  })

  test("copies the files of gorilla's FilesystemStore", async () => {
    const path = mkdtempSync(join(folder, 'files-'))
    const store = filesystemStore(path, ...keyPairs)
    const { value } = await visit(store, undefined, put(login))
    const copies = memory()
    assert.deepEqual(await all(copyGoSessions(store, copies)), [
      { read: 1, copied: 1, cursor: undefined },
    ])
    rmSync(path, { recursive: true })
    assert.deepEqual(await found(goSession(store, { copies }), { [name]: value }, name), login)
  })

  test('keeps no id of a Go session in the backend', async () => {
    const { open } = xorm()
    const { session } = await visit(open(), undefined, put({ a: 1 }))
    const copies = memory()
    await all(copyGoSessions(open(), copies))
    for await (const id of copies.all()) assert.notEqual(id, session.id)
  })

  test('refuses stores that cannot be listed, and wrong arguments', () => {
    const client = { gets() {}, add() {}, cas() {}, delete() {}, touch() {}, set() {} } as never
    const cached = memcache(client, { keyPairs, prefix: 'p' })
    for (const store of [cached, cookieStore(...keyPairs), new ServerStore(memory(), { keys })]) {
      assert.throws(() => copyGoSessions(store, memory()), {
        name: 'TypeError',
        message: /cannot be copied, because they cannot be listed; read them with goSession/,
      })
    }
    const { open } = xorm()
    assert.throws(() => copyGoSessions(open(), {} as never), /takes a backend/)
    assert.throws(() => copyGoSessions(open(), memory(), { cursor: 5 as never }), /cursor must be/)
    assert.throws(() => copyGoSessions(open(), memory(), { page: 5 } as never), /no option page/)
  })
})

/** An app of the Go program, with its own store. */
function goApp(store: SessionStore): RequestListener {
  return async (request, response) => {
    const session = await store.get(request, name)
    if (request.url === '/login') {
      session.values = login
      // The browser of these tests uses http.
      session.options = { ...session.options, secure: false, sameSite: 'lax' }
      await session.save(request, response)
    }
    response.end(JSON.stringify(session.values))
  }
}

function put(values: Values): (session: { values: Values }) => void {
  return session => void Object.assign(session.values, values)
}

/** A database with the table of xormstore. */
function xorm(now?: () => number): { database: Database.Database; open: () => SessionStore } {
  const database = new Database(':memory:')
  database.exec(
    'CREATE TABLE sessions (id TEXT PRIMARY KEY, data TEXT, created_unix INTEGER,' +
      ' updated_unix INTEGER, expires_unix INTEGER)',
  )
  return { database, open: () => xormstoreSqlite(database, { keyPairs, ...(now && { now }) }) }
}

async function all(pages: AsyncIterable<CopiedPage>): Promise<CopiedPage[]> {
  const list: CopiedPage[] = []
  for await (const page of pages) list.push(page)
  return list
}
