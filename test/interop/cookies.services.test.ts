import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, type Store } from 'silverback'
import { cookieStore, type GoOptions, goOptions } from 'silverback/gorilla'
import { codecsFromPairs, type HashName } from 'silverback/securecookie'
import { nodeRequest } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'
import { type GoLoaded, PeerError, usePeer } from './peer.ts'
import { assertSameTree, assertSession, leaf, session, text, withEntry } from './tree.ts'
import { hexKeys, type KeyPairs, load, name, newKeys, visit } from './visit.ts'

const cart = session({ user: text('Ånn'), count: leaf('int', 2), paid: leaf('bool', false) })

suite('a cookie store shared with Go', needs('go'), () => {
  const peer = usePeer()

  /** Passes a session from Go to TypeScript and back, and the other way around. */
  async function assertShared(store: Store, keys: KeyPairs, settings: object = {}): Promise<void> {
    const go = { name, keyPairs: hexKeys(keys), ...settings }

    const saved = await peer.call('cookie.save', { ...go, values: cart })
    assertSession((await load(store, saved.value)).values, cart)
    const updated = await visit(store, saved.value, ({ values, isNew }) => {
      assert.equal(isNew, false)
      values.theme = 'dark'
    })
    const inGo = await peer.call('cookie.load', { ...go, cookie: updated.value })
    assert.equal(inGo.isNew, false)
    assertSameTree(inGo.values, withEntry(cart, 'theme', text('dark')))

    const created = await visit(store, undefined, ({ values, isNew }) => {
      assert.equal(isNew, true)
      Object.assign(values, { user: 'Ånn', count: 2, paid: false })
    })
    const continued = await peer.call('cookie.update', {
      ...go,
      cookie: created.value,
      set: session({ count: leaf('int', 3) }),
      delete: [text('paid')],
    })
    const back = await load(store, continued.value)
    assert.deepEqual(back.values, { user: 'Ånn', count: 3 })
  }

  const lengths: Record<string, number[]> = {
    'signed only': [32],
    'signed with a key of 64 bytes': [64],
    'signed with a key longer than a block of the hash': [200],
    'signed with a key of one byte': [1],
    'AES-128': [32, 16],
    'AES-192': [32, 24],
    'AES-256': [64, 32],
    'now encrypted, previously only signed': [32, 32, 32, 0],
    'three pairs': [32, 16, 64, 0, 32, 32],
  }
  for (const [title, pairs] of Object.entries(lengths)) {
    test(`shares sessions: ${title}`, async () => {
      const keys = newKeys(...pairs)
      await assertShared(cookieStore(...keys), keys)
    })
  }

  const hashes: HashName[] = ['sha1', 'sha256', 'sha384', 'sha512', 'sha512-256']
  for (const hash of hashes) {
    test(`shares sessions: HMAC with ${hash}`, async () => {
      const keys = newKeys(32, 16)
      const store = new CookieStore({ codecs: codecsFromPairs(keys, { hash }) })
      await assertShared(store, keys, { hash })
    })
  }

  test('rejects a signature with another hash', async () => {
    const keys = newKeys(32)
    const { value } = await peer.call('cookie.save', {
      name,
      keyPairs: hexKeys(keys),
      hash: 'sha512',
      values: cart,
    })
    assert.equal((await load(cookieStore(...keys), value)).reason, 'bad-mac')
  })

  test('rotates keys while both programs run', async () => {
    const old = newKeys(32, 16)
    const rotated = [...newKeys(64, 32), ...old]
    const oldGo = { name, keyPairs: hexKeys(old) }
    const newGo = { name, keyPairs: hexKeys(rotated) }

    const saved = await peer.call('cookie.save', { ...oldGo, values: cart })
    const renewed = await visit(cookieStore(...rotated), saved.value, ({ isNew, values }) => {
      assert.equal(isNew, false)
      values.seen = true
    })
    const inGo = await peer.call('cookie.load', { ...newGo, cookie: renewed.value })
    assertSameTree(inGo.values, withEntry(cart, 'seen', leaf('bool', true)))
    await assert.rejects(
      peer.call('cookie.load', { ...oldGo, cookie: renewed.value }),
      isDecodeError,
    )

    const created = await visit(cookieStore(...old), undefined, ({ values }) => {
      values.user = 'ann'
    })
    const updated = await peer.call('cookie.update', { ...newGo, cookie: created.value })
    const back = await load(cookieStore(...rotated), updated.value)
    assert.deepEqual(back.values, { user: 'ann' })
    assert.equal((await load(cookieStore(...old), updated.value)).reason, 'bad-mac')
  })

  test('rejects cookies with other keys or names, and expired ones, in both languages', async () => {
    const keys = newKeys(32, 32)
    const store = cookieStore(...keys)
    const go = { name, keyPairs: hexKeys(keys) }
    const { value } = await peer.call('cookie.save', { ...go, values: cart })
    const own = await visit(store, undefined, ({ values }) => {
      values.user = 'ann'
    })

    assert.equal((await load(cookieStore(...newKeys(32, 32)), value)).reason, 'bad-mac')
    const otherKeys = { ...go, keyPairs: hexKeys(newKeys(32, 32)), cookie: own.value }
    await assert.rejects(peer.call('cookie.load', otherKeys), isDecodeError)

    assert.equal((await store.get(nodeRequest(`other=${value}`), 'other')).reason, 'bad-mac')
    const otherName = { ...go, name: 'other', cookie: own.value }
    await assert.rejects(peer.call('cookie.load', otherName), isDecodeError)

    const past = Math.floor(Date.now() / 1000) - 3601
    const old = await peer.call('cookie.save', { ...go, timestamp: past, values: cart })
    assert.equal((await load(store, old.value)).isNew, false)
    store.maxAge(3600)
    assert.equal((await load(store, old.value)).reason, 'expired')
    await assert.rejects(
      peer.call('cookie.load', { ...go, maxAge: 3600, cookie: old.value }),
      isDecodeError,
    )
  })

  test('takes the first of several cookies with the same name, in both languages', async () => {
    const keys = newKeys(32)
    const go = { name, keyPairs: hexKeys(keys) }
    const first = await peer.call('cookie.save', { ...go, values: session({ n: leaf('int', 1) }) })
    const second = await peer.call('cookie.save', { ...go, values: session({ n: leaf('int', 2) }) })
    const header = `a=b; ${name}=${first.value}; ${name}=${second.value}`
    const inGo = await peer.call('cookie.load', { ...go, header })
    assertSameTree(inGo.values, session({ n: leaf('int', 1) }))
    const here = await cookieStore(...keys).get(nodeRequest(header), name)
    assert.deepEqual(here.values, { n: 1 })
  })

  /** Cookie headers in which `A` and `B` stand for valid values of the session's cookie. */
  const headers: Record<string, string> = {
    'a quoted value': 'shared="A"',
    'a quote at the start only': 'shared="A; shared=B',
    'a quote at the end only': 'shared=A"; shared=B',
    'quotes twice': 'shared=""A""; shared=B',
    'only quotes': 'shared=""; shared=A',
    'one quote': 'shared="; shared=A',
    'a value that is not ASCII, then a valid one': 'shared=\u00e4; shared=A',
    'a backslash, then a valid one': 'shared=x\\; shared=A',
    'a control character, then a valid one': 'shared=x\u0001; shared=A',
    'a quoted value with a comma, then a valid one': 'shared="x,y"; shared=A',
    'only a value that is not ASCII': 'shared=\u00e4',
    'an empty value, then a valid one': 'shared=; shared=A',
    'garbage, then a valid one': 'shared=x; shared=A',
    'blanks around name and value': 'x=y ;  shared=A\t; shared=B',
    'a blank before the equals sign': 'shared =A',
    'another case of the name': 'Shared=A',
    'a name that is longer': 'shared2=A; xshared=A',
    'an equals sign in the value': 'shared==A',
    'percent-encoded padding': 'shared=A%3D; shared=B',
  }
  for (const [title, template] of Object.entries(headers)) {
    test(`reads the same cookie: ${title}`, async () => {
      const keys = newKeys(32)
      const go = { name, keyPairs: hexKeys(keys) }
      const [first, second] = await Promise.all(
        [1, 2].map(n =>
          peer.call('cookie.save', { ...go, values: session({ n: leaf('int', n) }) }),
        ),
      )
      const header = template.replace(/[AB](?![a-z])/g, letter =>
        String((letter === 'A' ? first : second)?.value),
      )
      const inGo = await peer.call('cookie.load', { ...go, header }).then(
        ({ isNew, values }) => ({ isNew, isError: false, values }),
        ({ result }: PeerError) => ({ ...(result as GoLoaded), isError: true }),
      )
      const here = await cookieStore(...keys).get(nodeRequest(header), name)
      assertSession(here.values, inGo.values)
      assert.equal(here.isNew, inGo.isNew)
      assert.equal(here.isNew && here.reason !== 'no-cookie', inGo.isError)
    })
  }

  for (const [title, before] of [
    ['a blank after the equals sign', 'shared= '],
    ['a cookie without an equals sign before it', 'shared; shared='],
  ] as const) {
    test(`reads a cookie that Go rejects: ${title}`, async () => {
      const keys = newKeys(32)
      const go = { name, keyPairs: hexKeys(keys) }
      const { value } = await peer.call('cookie.save', { ...go, values: cart })
      const header = before + value
      await assert.rejects(peer.call('cookie.load', { ...go, header }), isDecodeError)
      assertSession((await cookieStore(...keys).get(nodeRequest(header), name)).values, cart)
    })
  }

  for (const [title, options] of Object.entries({
    'SameSite=None without Secure': { secure: false, sameSite: 'none' },
    'Partitioned without Secure': { secure: false, sameSite: 'lax', partitioned: true },
    'a relative path': { path: 'shop' },
    'a path with a comma': { path: '/a,b' },
    'a path with a semicolon': { path: '/a;b' },
    'a domain that Go does not send': { domain: 'exa mple.com' },
  })) {
    test(`refuses attributes that Go accepts: ${title}`, async () => {
      const keys = newKeys(32)
      const { setCookie } = await peer.call('cookie.save', {
        name,
        keyPairs: hexKeys(keys),
        options,
        values: cart,
      })
      assert.match(setCookie, /^shared=/)
      const refused = visit(cookieStore(...keys), undefined, visited => {
        Object.assign(visited.options, options)
      })
      await assert.rejects(
        refused,
        error => error instanceof TypeError || error instanceof RangeError,
      )
    })
  }

  const attributes: Record<string, [GoOptions, object]> = {
    'the defaults': [{ Path: '/', MaxAge: 86_400 * 30, Secure: true, SameSite: 'none' }, {}],
    'path, domain, an hour, lax': [
      { Path: '/shop', Domain: 'example.com', MaxAge: 3600, HttpOnly: true, SameSite: 'lax' },
      {
        path: '/shop',
        domain: 'example.com',
        maxAge: 3600,
        secure: false,
        httpOnly: true,
        sameSite: 'lax',
      },
    ],
    'a browser session, strict': [
      { Path: '/', Secure: true, SameSite: 'strict' },
      { path: '/', maxAge: 0, secure: true, sameSite: 'strict' },
    ],
    'no SameSite, partitioned': [
      { Path: '/', MaxAge: 60, Secure: true, Partitioned: true },
      { path: '/', maxAge: 60, secure: true, partitioned: true, sameSite: 'default' },
    ],
    'an empty domain': [
      { Path: '/', Domain: '', MaxAge: 60 },
      { domain: '', maxAge: 60, secure: false, sameSite: 'default' },
    ],
    'an empty path': [
      { Path: '', MaxAge: 60 },
      { path: '', maxAge: 60, secure: false, sameSite: 'default' },
    ],
    'a domain with a leading dot': [
      { Path: '/', Domain: '.example.com', MaxAge: 60 },
      { domain: '.example.com', maxAge: 60, secure: false, sameSite: 'default' },
    ],
    deleted: [
      { Path: '/', MaxAge: -1, Secure: true, SameSite: 'none' },
      { path: '/', maxAge: -1, secure: true, sameSite: 'none' },
    ],
  }
  for (const [title, [own, options]] of Object.entries(attributes)) {
    test(`sets the same cookie attributes: ${title}`, async () => {
      const keys = newKeys(32)
      const { setCookie } = await peer.call('cookie.save', {
        name,
        keyPairs: hexKeys(keys),
        options,
        values: cart,
      })
      const sent = await visit(cookieStore(...keys), undefined, visited => {
        visited.options = goOptions(own)
      })
      assert.deepEqual(attributesOf(sent.setCookie), attributesOf(setCookie))
    })
  }
})

function isDecodeError(error: unknown): boolean {
  return error instanceof PeerError && error.kind === 'decode'
}

/** The sorted attributes. Of an expiry only the year is kept, because deletions use different dates. */
function attributesOf(line: string): string[] {
  return line
    .split('; ')
    .slice(1)
    .map(attribute => attribute.replace(/^(Expires=).* (\d{4}) .*$/, '$1$2'))
    .sort()
}
