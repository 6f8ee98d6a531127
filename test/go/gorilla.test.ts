/** Ports of gorilla/sessions' own tests, and tests of its documented defaults. */

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Session, save } from 'silverback'
import { cookieStore, filesystemStore, go, goOptions } from 'silverback/gorilla'
import { SecureCookie } from 'silverback/securecookie'
import { type GoVector, goVectors, hex } from '../support/fixtures.ts'
import {
  cookieHeader,
  cookieOf,
  nodeRequest,
  nodeResponse,
  setCookieLines,
} from '../support/http/http.ts'

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'silverback-gorilla-'))
  folders.push(folder)
  return folder
}

suite('cookieStore', () => {
  test('keeps flash messages over three requests, including a struct', async () => {
    const store = cookieStore('secret-key')
    let request = nodeRequest()
    let response = nodeResponse()
    let session = await store.get(request, 'session-key')
    assert.deepEqual(session.flashes(), [])
    session.addFlash('foo')
    session.addFlash('bar')
    session.addFlash('baz', 'custom_key')
    await save(request, response)
    const [line, ...others] = setCookieLines(response)
    assert.deepEqual(others, [])
    assert.match(line as string, /SameSite=None/)
    assert.match(line as string, /; Secure/)

    request = nodeRequest(cookieHeader(response))
    session = await store.get(request, 'session-key')
    assert.deepEqual(session.flashes(), ['foo', 'bar'])
    assert.deepEqual(session.flashes(), [])
    assert.deepEqual(session.flashes('custom_key'), ['baz'])
    assert.deepEqual(session.flashes('custom_key'), [])

    request = nodeRequest()
    response = nodeResponse()
    session = await store.get(request, 'session-key')
    session.addFlash(go.struct('sessions.FlashMessage', { Type: 42, Message: 'foo' }))
    await save(request, response)
    session = await store.get(nodeRequest(cookieHeader(response)), 'session-key')
    const flashes = session.flashes<object>()
    assert.deepEqual(flashes, [{ Type: 42, Message: 'foo' }])
    assert.equal(go.typeOf(flashes[0]), 'sessions.FlashMessage')
  })

  test('refuses an invalid name', async () => {
    await assert.rejects(cookieStore('secret-key').get(nodeRequest(), 'session:key'), {
      message: 'invalid character in cookie name: "session:key"',
    })
  })

  test('saves a session that was constructed by hand', async () => {
    const store = cookieStore('aaa0defe5d2839cbc46fc4f080cd7adc')
    const session = new Session(store, 'hello', { options: store.options })
    session.values.data = 'hello-world'
    const response = nodeResponse()
    await session.save(nodeRequest(), response)
    const next = await store.get(nodeRequest(cookieHeader(response)), 'hello')
    assert.deepEqual(next.values, { data: 'hello-world' })
  })

  test('gives each session a copy of the options of the store', async () => {
    for (const store of [cookieStore(), filesystemStore('')]) {
      const session = await store.new(nodeRequest(), 'hello')
      store.options.path = '/foo'
      assert.equal(session.options.path, '/')
    }
  })

  test("has Go's defaults", async () => {
    const store = cookieStore('key')
    const request = nodeRequest()
    const response = nodeResponse()
    await (await store.get(request, 'sid')).save(request, response)
    // As in Go, an unchanged session is saved too.
    const cookie = cookieOf(response, 'sid')
    assert.equal(cookie?.path, '/')
    assert.equal(cookie?.maxAge, 2_592_000)
    assert.equal(cookie?.sameSite, 'none')
    assert.ok(cookie?.secure)
    assert.ok(!cookie?.httpOnly)
    assert.equal(cookie?.domain, null)
  })

  test("runs the example of Go's documentation, with the key 42 alongside strings", async () => {
    const store = cookieStore('key')
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'session-name')
    session.values.foo = 'bar'
    session.values['42'] = 'a string key'
    session.keyed.set(42, 43)
    await session.save(request, response)
    const next = await store.get(nodeRequest(cookieHeader(response)), 'session-name')
    assert.equal(next.values.foo, 'bar')
    assert.equal(next.values['42'], 'a string key')
    assert.deepEqual([...next.keyed], [[42, 43]])
    assert.equal(go.typeOf(next.keyed, 42), 'int')
  })

  test('rotates keys in pairs', async () => {
    const before = cookieStore('old hash', '1111111111111111')
    const response = nodeResponse()
    const session = await before.get(nodeRequest(), 'sid')
    session.values.foo = 'bar'
    await session.save(nodeRequest(), response)
    const after = cookieStore('new hash', null, 'old hash', '1111111111111111')
    const request = nodeRequest(cookieHeader(response))
    const read = await after.get(request, 'sid')
    assert.equal(read.values.foo, 'bar')
    const rewritten = nodeResponse()
    await read.save(request, rewritten)
    const next = await cookieStore('new hash').get(nodeRequest(cookieHeader(rewritten)), 'sid')
    assert.equal(next.values.foo, 'bar')
  })

  test('does not replace a session that it cannot read before it is changed', async () => {
    const store = cookieStore('key')
    const response = nodeResponse()
    const other = new SecureCookie({ hashKey: 'a key that is not deployed yet' })
    const foreign = other.encode('sid', { user: 'ann' })
    for (const cookie of [foreign, 'x', new SecureCookie({ hashKey: 'key' }).encode('sid', 'id')]) {
      const request = nodeRequest(`sid=${cookie}`)
      const session = await store.get(request, 'sid')
      assert.equal(session.isNew, true)
      await session.save(request, response)
      assert.deepEqual(setCookieLines(response), [])
    }
    const request = nodeRequest(`sid=${foreign}`)
    const session = await store.get(request, 'sid')
    session.values.user = 'bob'
    await session.save(request, response)
    assert.equal(setCookieLines(response).length, 1)
  })

  test('loads a session without keys, but refuses to save it', async () => {
    const store = cookieStore()
    const session = await store.get(nodeRequest(), 'sid')
    await assert.rejects(session.save(nodeRequest(), nodeResponse()), { code: 'no-codecs' })
  })

  test('treats a MaxAge of 0 as a browser session and deletes at a negative one', async () => {
    const store = cookieStore('key')
    store.maxAge(0)
    const response = nodeResponse()
    await (await store.get(nodeRequest(), 'sid')).save(nodeRequest(), response)
    assert.match(String(setCookieLines(response)), /^sid=[\w=-]+; Path=\/; Secure; SameSite=None$/)
    assert.equal(store.codecs[0]?.maxAge, 0)
    store.maxAge(-1)
    const deleted = nodeResponse()
    await (await store.get(nodeRequest(), 'sid')).save(nodeRequest(), deleted)
    assert.match(String(setCookieLines(deleted)), /^sid=; Max-Age=0/)
    assert.equal((await store.get(nodeRequest(cookieHeader(response)), 'sid')).reason, 'expired')
  })

  test('refuses a session that is too large, even with Go values', async () => {
    const store = cookieStore('key')
    for (const codec of store.codecs) codec.maxLength = 0
    const response = nodeResponse()
    const session = await store.get(nodeRequest(), 'sid')
    session.values.huge = go.bigInt(2n ** 100n)
    await session.save(nodeRequest(), response)
    const request = nodeRequest(cookieHeader(response))
    const next = await store.get(request, 'sid')
    next.values.text = 'x'.repeat(5000)
    await assert.rejects(next.save(request, nodeResponse()), { code: 'cookie-too-large' })
  })

  test("goOptions translates Go's numbers", () => {
    assert.equal(goOptions({ Path: '/' }).maxAge, 'session')
    assert.equal(goOptions({ MaxAge: 0 }).maxAge, 'session')
    assert.equal(goOptions({ MaxAge: -1 }).maxAge, -1)
    assert.equal(goOptions({ MaxAge: 60, HttpOnly: true }).httpOnly, true)
  })

  test('goOptions refuses what browsers drop, and fields that Go does not have', () => {
    const refused = [
      [{ Partitioned: true }, RangeError, /partitioned requires secure/],
      [{ SameSite: 'none' }, RangeError, /sameSite 'none' requires secure/],
      [{ Path: 'shop' }, TypeError, /path must be/],
      [{ Path: '/a;b' }, TypeError, /path must be/],
      [{ Domain: 'exa mple.com' }, TypeError, /domain must be/],
      [{ MaxAge: 1.5 }, TypeError, /maxAge must be/],
      [
        { domain: '' },
        TypeError,
        /goOptions has no option domain \(did you mean Domain\?\); it has Path, Domain/,
      ],
    ] as const
    for (const [options, name, message] of refused) {
      assert.throws(
        () => goOptions(options as never),
        error => {
          assert.ok(error instanceof name)
          assert.match(error.message, message)
          return true
        },
      )
    }
  })
})

suite('filesystemStore', () => {
  test('refuses a session over the limit until the limit is raised', async () => {
    const store = filesystemStore(await newFolder(), 'some key')
    const session = await store.new(nodeRequest(), 'my-session')
    session.values.big = new Uint8Array(6144)
    await assert.rejects(session.save(nodeRequest(), nodeResponse()), (error: unknown) => {
      assert.match(String(error), /the value is too long/)
      return true
    })
    assert.deepEqual(await readdir(store.path), [])
    store.maxLength(4096 * 3)
    await session.save(nodeRequest(), nodeResponse())
    assert.equal((await readdir(store.path)).length, 1)
  })

  for (const maxAge of [-1, 0]) {
    test(`deletes a session that is saved with maxAge ${maxAge}`, async () => {
      const store = filesystemStore(await newFolder(), 'some key')
      const response = nodeResponse()
      const session = await store.new(nodeRequest(), 'hello')
      await session.save(nodeRequest(), response)
      assert.equal((await readdir(store.path)).length, 1)
      session.options.maxAge = maxAge
      await session.save(nodeRequest(), response)
      assert.deepEqual(await readdir(store.path), [])
      assert.equal(cookieOf(response, 'hello')?.value, '')
    })
  }

  test('writes no file for a session whose name no cookie can have', async () => {
    const store = filesystemStore(await newFolder(), 'some key')
    const handmade = new Session(store, 'my session', { options: store.options })
    for (const session of [handmade, await store.new(nodeRequest(), 'my session')]) {
      session.values.user = 'ann'
      const response = nodeResponse()
      await assert.rejects(session.save(nodeRequest(), response), { code: 'invalid-name' })
      assert.deepEqual(setCookieLines(response), [])
      assert.deepEqual(await readdir(store.path), [])
    }
  })

  test("has Go's defaults and file layout", async () => {
    const store = filesystemStore(await newFolder(), 'some key', '0123456789abcdef')
    const response = nodeResponse()
    const session = await store.get(nodeRequest(), 'hello')
    session.values.user = 'ann'
    await session.save(nodeRequest(), response)
    assert.match(
      String(setCookieLines(response)),
      /^hello=[\w=-]+; Max-Age=2592000; Path=\/; Expires=[^;]+$/,
    )
    const codec = new SecureCookie({ hashKey: 'some key', blockKey: '0123456789abcdef' })
    const cookie = cookieOf(response, 'hello')?.value as string
    assert.equal(codec.decode('hello', cookie), session.id)
    const text = await readFile(join(store.path, `session_${session.id}`), 'utf8')
    assert.deepEqual(codec.decode('hello', text), { user: 'ann' })
  })

  test('reads a file and a cookie of Go', async () => {
    const vector = goVectors.find(({ kind }) => kind === 'filesystem') as GoVector
    const folder = await newFolder()
    await writeFile(join(folder, vector.file_name as string), vector.file_content as string)
    const store = filesystemStore(folder, hex(vector.hash_key_hex))
    store.maxAge(0)
    const session = await store.get(nodeRequest(`fsname=${vector.encoded}`), 'fsname')
    assert.deepEqual(session.values, { user: 'ann' })
    assert.equal(session.id, vector.session_id)
    assert.equal(session.isNew, false)
  })

  test('uses the folder for temporary files if the path is empty', () => {
    assert.equal(filesystemStore('', 'key').path, tmpdir())
  })
})
