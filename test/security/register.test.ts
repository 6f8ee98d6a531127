/**
 * Vulnerabilities of other session libraries, each with a test that shows that this library does not
 * have it. The title of a test starts with the identifiers of the advisories.
 */

import assert from 'node:assert/strict'
import nodeCrypto from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  CookieStore,
  type CookieStoreOptions,
  FilesystemStore,
  newCookie,
  type Options,
  type RequestLike,
  readCookies,
  Sealed,
  ServerStore,
  type Session,
  SessionError,
  type Store,
  setCookie,
} from 'silverback'
import { deflated } from 'silverback/deflate'
import { filesystem } from 'silverback/filesystem'
import { decode } from 'silverback/gob'
import { memory } from 'silverback/memory'
import { postgres } from 'silverback/postgres'
import {
  codecsFromPairs,
  decodeMulti,
  encodeMulti,
  generateRandomKey,
} from 'silverback/securecookie'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'

const newKey = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))
const keys = [newKey()]

const folders: string[] = []
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'register-'))
  folders.push(folder)
  return folder
}
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const read = (store: Store, cookie?: string, name = 'sid'): Promise<Session> =>
  store.new(nodeRequest(cookie), name)

async function visit(
  store: Store,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const response = nodeResponse()
  const session = await read(store, cookie)
  change(session)
  await session.save(nodeRequest(cookie), response)
  return cookieHeader(response)
}

const setFoo = ({ values }: Session): void => void Object.assign(values, { foo: 'bar' })

/** Ids with a special meaning in paths, drive names, queries or protocols. */
const hostileIds = [
  '',
  '.',
  '..',
  '../../x',
  '/etc/passwd',
  '..\\x',
  'a/../../b',
  '%2e%2e%2f',
  'CON',
  'C:',
  'AUX.json',
  '\u0000',
  'x'.repeat(300),
  'a\r\nset x 0 0 1',
  "'; DROP TABLE sessions; --",
  '*',
]

suite('ids, paths and keys', () => {
  test('GO-2024-2730, CVE-2024-3400, CVE-2025-61686: an id never becomes part of a path', async () => {
    const folder = newFolder()
    const codecs = codecsFromPairs([generateRandomKey(32)])
    const store = new FilesystemStore(join(folder, 'in'), { codecs })
    await visit(store, setFoo)
    for (const id of hostileIds) {
      // Signed with our own key, as if a key had leaked.
      const session = await read(store, `sid=${encodeMulti('sid', id, codecs)}`)
      assert.ok(session.isNew)
      session.options.maxAge = -1
      await session.save(nodeRequest(), nodeResponse())
    }
    assert.deepEqual(readdirSync(folder), ['in'])
  })

  test('CVE-2025-23084, CVE-2025-27210: backends receive only hashes of ids', async () => {
    const seen: string[] = []
    const backend = memory()
    const { load } = backend
    backend.load = id => {
      seen.push(id)
      return load.call(backend, id)
    }
    const store = new ServerStore(backend)
    for (const id of hostileIds) await read(store, `sid=${id}`)
    await read(store, `sid=${'A'.repeat(43)}`)
    for (const id of seen) assert.match(id, /^[\w-]{1,128}$/)
  })

  test('CVE-2018-18925, CVE-2018-18926: a file outside the folder is not loaded', async () => {
    const folder = newFolder()
    const codecs = codecsFromPairs([generateRandomKey(32)])
    const outside = new FilesystemStore(join(folder, 'up'), { codecs })
    const inside = new FilesystemStore(join(folder, 'in'), { codecs })
    await visit(outside, setFoo)
    const [file] = readdirSync(join(folder, 'up')) as [string]
    const id = `../up/${file.replace('session_', '')}`
    const session = await read(inside, `sid=${encodeMulti('sid', id, codecs)}`)
    assert.deepEqual(session.values, {})
  })

  test('CVE-2020-9484, CVE-2025-24813: a planted file and the file of another session are refused', async () => {
    const folder = newFolder()
    const store = new ServerStore(filesystem(folder), { keys, encrypt: true })
    const [one, two] = [await visit(store, setFoo), await visit(store, setFoo)]
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .filter(path => readFileSync(path).length > 50)
    assert.equal(files.length, 2)
    const [first, second] = files as [string, string]
    renameSync(first, second)
    writeFileSync(first, 'planted')
    for (const cookie of [one, two]) assert.ok((await read(store, cookie)).isNew)
  })

  test('CVE-2011-4136: an id cannot address other keys of the application', async () => {
    const backend = memory()
    const chosen = 'A'.repeat(43)
    await backend.create(chosen, { data: Uint8Array.of(1, 2, 3), expires: 9e9 })
    assert.equal((await read(new ServerStore(backend), `sid=${chosen}`)).reason, 'unknown-id')
  })

  test('CVE-2019-15658: a table name that is not an identifier is refused', () => {
    const client = { query: () => Promise.resolve({ rows: [] }) }
    for (const table of ['s"; drop table x;--', 'a b', '', "a'"]) {
      assert.throws(() => postgres(client, { table }), TypeError)
    }
  })

  test('CVE-2020-13254, CVE-2022-4064: a malformed id does not reach a backend', async () => {
    let calls = 0
    const backend = memory()
    backend.load = async () => {
      calls++
      return undefined
    }
    const store = new ServerStore(backend, { keys })
    for (const id of hostileIds) await read(store, `sid=${id}`)
    assert.equal(calls, 0)
  })
})

suite('fixation, resurrection, replay', () => {
  test('CVE-2022-25896, CVE-2023-29019: login gives the session a new id and invalidates the old one', async () => {
    const store = new ServerStore(memory())
    const before = await visit(store, setFoo)
    const after = await visit(store, session => session.login('ann'), before)
    assert.notEqual(after, before)
    assert.equal((await read(store, before)).reason, 'unknown-id')
    assert.equal((await read(store, after)).owner, 'ann')
    assert.deepEqual((await read(store, after)).values, {})
  })

  test('CVE-2024-38513, CVE-2018-1000519, CVE-2011-4718: an id that the server did not issue is not adopted', async () => {
    const store = new ServerStore(memory())
    const chosen = 'B'.repeat(43)
    const cookie = await visit(store, setFoo, `sid=${chosen}`)
    assert.ok(cookie && !cookie.includes(chosen))
    assert.ok((await read(store, `sid=${chosen}`)).isNew)
  })

  test('CVE-2024-31999, sonatype-2021-4899: a captured cookie is invalid once its session was destroyed', async () => {
    const stores: Record<string, Store> = {
      server: new ServerStore(memory()),
      filesystem: new FilesystemStore(newFolder(), { keys }),
      cookie: new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }) }),
    }
    for (const [kind, store] of Object.entries(stores)) {
      const captured = await visit(store, setFoo)
      await visit(store, session => session.destroy(), captured)
      assert.deepEqual((await read(store, captured)).values, {}, kind)
    }
    // Without revocation records a cookie stays valid, and the store's capabilities show it.
    assert.ok(!new CookieStore({ keys }).capabilities.has('revocation'))
  })

  test('CVE-2024-35220: an expired session stays expired, whatever the options', async () => {
    let now = 1_800_000_000
    const clock = { now: (): number => now }
    const options = { ...clock, lifetime: { idle: 100 } }
    const cookie = await visit(new ServerStore(memory(clock), options), setFoo)
    now += 101
    const store = new ServerStore(memory(clock), { ...options, options: { maxAge: 10_000 } })
    assert.ok((await read(store, cookie)).isNew)
  })

  test('CVE-2025-32441, CVE-2025-46336: a slow request does not restore a session', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, setFoo)
    const slow = await read(store, cookie)
    await visit(store, session => session.destroy(), cookie)
    Object.assign(slow.values, { late: true })
    const response = nodeResponse()
    await slow.save(nodeRequest(cookie), response)
    assert.deepEqual(setCookieLines(response), [])
    assert.ok((await read(store, cookie)).isNew)
  })

  test('CVE-2019-16782, CVE-2019-25025: a record key of the backend is not accepted as an id', async () => {
    const backend = memory()
    const stored: string[] = []
    const { create } = backend
    backend.create = (id, record) => {
      stored.push(id)
      return create.call(backend, id, record)
    }
    const store = new ServerStore(backend)
    const cookie = await visit(store, setFoo)
    assert.ok(stored[0] && !cookie.includes(stored[0]))
    assert.ok((await read(store, `sid=${stored[0]}`)).isNew)
  })

  test('CVE-2015-3982: an empty id finds no session', async () => {
    const backend = memory()
    const store = new ServerStore(backend)
    const cookie = await visit(store, setFoo)
    await visit(store, session => session.destroy(), cookie)
    assert.ok((await read(store, 'sid=')).isNew)
    assert.equal(await backend.load(''), undefined)
  })

  test('CVE-2025-66630: each id is 256 bits of the secure random generator, used for no other id', async t => {
    // Each in a store of its own: a backend refuses an id that it has already.
    const newId = async (): Promise<Buffer> =>
      Buffer.from(
        (await visit(new ServerStore(memory()), setFoo)).slice('sid='.length),
        'base64url',
      )
    const drawn: Buffer[] = []
    const original = nodeCrypto.randomFillSync
    const { mock } = t.mock.method(nodeCrypto, 'randomFillSync', (target: Uint8Array) => {
      original(target)
      drawn.push(Buffer.from(target))
      return target
    })
    syncBuiltinESMExports()
    t.after(() => {
      mock.restore()
      syncBuiltinESMExports()
    })
    // Random bytes are drawn 4096 at a time: those drawn earlier are used up first.
    for (let i = 0; i < 4096 / 32; i++) await newId()
    const ids = await Promise.all(Array.from({ length: 200 }, newId))
    const random = Buffer.concat(drawn)
    let end = 0
    for (const id of ids.sort((a, b) => random.indexOf(a) - random.indexOf(b))) {
      const at = random.indexOf(id)
      assert.equal(id.length, 32)
      assert.ok(at >= end, `${at} is before ${end}`)
      end = at + id.length
    }
  })
})

suite('codecs and keys', () => {
  test('CVE-2026-39324: a value that cannot be decrypted is not decoded in any other way', async () => {
    const store = new CookieStore({ keys })
    const json = JSON.stringify({ admin: true })
    const base64 = Buffer.from(json).toString('base64url')
    for (const value of [json, base64, `${base64}.`, `s%3A${base64}`, `!${base64}`]) {
      assert.deepEqual((await read(store, `sid=${value}`)).values, {})
    }
    const go = codecsFromPairs([keys[0] as Uint8Array])
    const foreign = encodeMulti('sid', { admin: true }, go)
    assert.deepEqual((await read(store, `sid=${foreign}`)).values, {})
  })

  test('CVE-2023-48309: a value for one purpose or cookie is invalid for another', () => {
    const seal = (purpose: string): Sealed => new Sealed({ keys, purpose })
    const text = seal('session').encode('a', { foo: 'bar' })
    for (const purpose of ['session id', 'session record', 'session copy', 'csrf']) {
      assert.throws(() => seal(purpose).decode('a', text), { code: 'mac-invalid' })
    }
    assert.throws(() => seal('session').decode('b', text), { code: 'mac-invalid' })
  })

  test('CVE-2025-47278: after a key rotation the newest key writes', () => {
    const [older, newest] = [newKey(), newKey()]
    const text = new Sealed({ keys: [newest, older] }).encode('sid', 1)
    assert.equal(new Sealed({ keys: [newest] }).decode('sid', text), 1)
    assert.throws(() => new Sealed({ keys: [older] }).decode('sid', text), { code: 'key-unknown' })
  })

  test('CVE-2023-27524, CVE-2016-4437, CVE-2018-15133: short, well-known and repetitive keys are refused', () => {
    const weak = ['secret', 'keyboard cat', 'changeme', 'a'.repeat(32), '\0'.repeat(32), '']
    for (const key of weak) assert.throws(() => new CookieStore({ keys: [key] }), Error)
    // One bad key among good ones is refused too, and so is a string in place of the list.
    assert.throws(() => new CookieStore({ keys: [newKey(), 'short'] }), Error)
    const text = 'a secret of some length, more than 32 characters'
    assert.throws(() => new CookieStore({ keys: text } as unknown as CookieStoreOptions), Error)
  })

  test('CVE-2013-0263, CVE-2016-1000236: secrets are compared in constant time', () => {
    const sources = readdirSync(new URL('../../src', import.meta.url), {
      recursive: true,
      withFileTypes: true,
    }).filter(entry => entry.isFile())
    const crypto = sources.find(({ name, parentPath }) =>
      /crypto.node\.ts$/.test(join(parentPath, name)),
    )
    const text = readFileSync(join(crypto!.parentPath, crypto!.name), 'utf8')
    assert.match(text, /timingSafeEqual\(/)
    for (const { name, parentPath } of sources) {
      const source = readFileSync(join(parentPath, name), 'utf8')
      assert.doesNotMatch(
        source,
        /Buffer\.compare|\bmac\s*===(?!\s*undefined)|[^l]===\s*mac\b/,
        name,
      )
    }
  })

  test('CVE-2019-12422, MS10-070: all rejections look the same to the client', async () => {
    const store = new CookieStore({ keys })
    const cookie = await visit(store, setFoo)
    const flipped = `${cookie.slice(0, -3)}${cookie.at(-3) === 'A' ? 'B' : 'A'}${cookie.slice(-2)}`
    const foreign = await visit(new CookieStore({ keys: [newKey()] }), setFoo)
    const responses = []
    for (const text of [flipped, foreign, 'sid=garbage', `sid=${'A'.repeat(9000)}`]) {
      const response = nodeResponse()
      const session = await read(store, text)
      await session.save(nodeRequest(text), response)
      responses.push(JSON.stringify([session.values, response.getHeaders()]))
    }
    assert.equal(new Set(responses).size, 1)
  })

  test('NIST SP 800-38D §8.3: no nonce is used twice', () => {
    const sealed = new Sealed({ keys })
    const nonces = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      const bytes = Buffer.from(sealed.encode('sid', 'the same'), 'base64url')
      nonces.add(bytes.toString('hex', 9, 21))
    }
    assert.equal(nonces.size, 10_000)
  })

  test('CVE-2022-30635, CVE-2024-34156: deeply nested gob data ends in a decode error', () => {
    const hostile = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.of(3, 255, 130)))
    assert.throws(
      () => decode(hostile),
      (error: unknown) => error instanceof SessionError && error.isDecode,
    )
  })

  test('CVE-2024-28176, CVE-2024-28180: decompression is limited', () => {
    const serializer = deflated()
    const bomb = serializer.serialize({ text: 'x'.repeat(60_000) })
    assert.ok(bomb.length < 1000)
    const small = deflated({ maxBytes: 1024 })
    assert.throws(() => small.deserialize(bomb))
  })

  test('key pairs: every pair decodes, the first one encodes', () => {
    const [older, newest] = [generateRandomKey(32), generateRandomKey(32)]
    const text = encodeMulti('sid', 'v', codecsFromPairs([newest, null, older]))
    assert.equal(decodeMulti('sid', text, codecsFromPairs([newest])), 'v')
  })
})

suite('cookies', () => {
  test('CVE-2024-47764, CVE-2026-88038: a name, a path or a domain cannot inject attributes', () => {
    const bad = ['a;b', 'a\r\nb', 'a\0b', 'a,b']
    for (const text of bad) {
      assert.throws(() => setCookie(nodeResponse(), newCookie(text, 'v', {})))
      assert.throws(() => newCookie('sid', 'v', { path: `/${text}` }))
      assert.throws(() => newCookie('sid', 'v', { domain: text }))
    }
  })

  test('CVE-2026-46625: inherited options are ignored', () => {
    const options = JSON.parse('{"path":"/","__proto__":{"domain":"evil.example"}}') as Options
    assert.throws(() => newCookie('sid', 'v', options), /unknown cookie option __proto__/)
    const inherited = Object.create({ domain: 'evil.example' }) as Options
    const store = new CookieStore({ keys, options: inherited })
    assert.equal(Object.hasOwn(store.options, 'domain'), false)
  })

  const names: Record<string, string> = {
    'GHSA-r5rp-j6wh-rvv4: a no-break space before the name': '\u00a0__Host-sid=bad',
    'CVE-2023-23934: a pair without a name': '=__Host-sid=bad',
    'CVE-2020-8184, CVE-2020-7070: a percent-encoded name': '%5f%5fHost-sid=bad',
    'CVE-2022-31629: a name that PHP rewrites': '..Host-sid=bad',
    'WS-2022-0330: a prefix in another case': '__host-sid=bad; Host__sid=bad',
    'CVE-2016-7401: a pair after brackets and commas': 'a]b[c,__Host-sid=bad',
    'RFC 2109: a pair after $Version': '$Version=1,__Host-sid=bad',
  }
  for (const [name, header] of Object.entries(names)) {
    test(`${name} is not read as our cookie`, () => {
      assert.deepEqual(readCookies(nodeRequest(header), '__Host-sid'), [])
    })
  }

  test('CVE-2025-58186: a header with 100,000 cookies is cheap', () => {
    const header = 'a=b; '.repeat(100_000)
    assert.deepEqual(readCookies(nodeRequest(header), 'sid'), [])
  })

  test('CVE-2022-0330 and others: the exact default attributes of a session cookie', async () => {
    const store = new CookieStore({ keys })
    const response = nodeResponse()
    const session = await store.new(nodeRequest(), '__Host-sid')
    setFoo(session)
    await session.save(nodeRequest(), response)
    assert.match(
      setCookieLines(response)[0] as string,
      /^__Host-sid=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
  })
})

suite('caches, logs, floods and data', () => {
  test('CVE-2023-30861, CVE-2026-27205, CVE-2024-26144: every access to a session sets Vary: Cookie', async () => {
    const store = new CookieStore({ keys })
    const cookie = await visit(store, session => session.addFlash('hello'))
    const accesses: Record<string, (session: Session) => unknown> = {
      nothing: () => undefined,
      get: session => session.values.foo,
      in: session => 'foo' in session.values,
      keys: session => Object.keys(session.values),
      flashes: session => session.flashes(),
    }
    for (const [how, access] of Object.entries(accesses)) {
      const response = nodeResponse()
      response.setHeader('Vary', 'Accept')
      const request = nodeRequest(cookie)
      const session = await store.get(request, 'sid')
      access(session)
      await session.save(request, response)
      assert.match(String(response.getHeader('vary')), /Accept.*Cookie/, how)
      const sets = setCookieLines(response).length > 0
      assert.equal(response.getHeader('cache-control'), sets ? 'no-store' : undefined, how)
    }
  })

  test('CVE-2023-20866: a printed session shows no id and no value', async () => {
    const { inspect } = await import('node:util')
    const store = new ServerStore(memory(), { keys })
    const cookie = await visit(store, session =>
      Object.assign(session.values, { card: '4111-1111' }),
    )
    const session = await read(store, cookie)
    const printed = `${inspect(session)} ${JSON.stringify(session)} ${String(session)}`
    for (const secret of [session.id as string, cookie.slice(4), '4111-1111']) {
      assert.ok(!printed.includes(secret))
    }
  })

  test('CVE-2015-5143, CVE-2015-5963, CVE-2015-5964: untouched sessions store nothing, even when destroyed', async () => {
    const backend = memory()
    let writes = 0
    for (const operation of ['create', 'update', 'touch', 'delete'] as const) {
      const original = backend[operation].bind(backend) as (...args: unknown[]) => Promise<never>
      Object.assign(backend, {
        [operation]: (...args: unknown[]) => {
          writes++
          return original(...args)
        },
      })
    }
    const store = new ServerStore(backend)
    for (let i = 0; i < 1000; i++) {
      await visit(store, () => undefined)
      await visit(store, session => session.destroy())
      await visit(store, () => undefined, `sid=${String(i).padEnd(43, 'x')}`)
    }
    assert.equal(writes, 0)
  })

  test('CVE-2025-57820, CVE-2022-23631, CVE-2017-5941, GHSA-49rj-9fvp-4h2h: data cannot pollute prototypes', async () => {
    const store = new CookieStore({ keys })
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":1}',
    ) as object
    const cookie = await visit(store, session => {
      session.values.nested = hostile
    })
    const { nested } = (await read(store, cookie)).values
    assert.deepEqual(JSON.stringify(nested), JSON.stringify(hostile))
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })

  test('MemoryStore: the memory backend has a limit', async () => {
    const backend = memory({ maxRecords: 100, maxBytes: 100_000 })
    const store = new ServerStore(backend)
    for (let i = 0; i < 1000; i++) await visit(store, setFoo)
    let kept = 0
    for await (const _ of backend.all()) kept++
    assert.ok(kept <= 100, `${kept} kept`)
  })

  test('an invalid request object is a TypeError', async () => {
    const store = new CookieStore({ keys })
    for (const request of [undefined, null, {}, { headers: 5 }]) {
      await assert.rejects(
        async () => store.get(request as unknown as RequestLike, 'sid'),
        TypeError,
      )
    }
  })
})
