import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import { type Codec, CookieStore, Sealed } from 'silverback'
import { secureCookie } from 'silverback/migrate'
import { codecsFromPairs, nop, plainJson, SecureCookie } from 'silverback/securecookie'
import { type GoVector, goVectors, hex } from '../support/fixtures.ts'
import { found, inYears, login, testMove } from './move.ts'

const [hashKey, blockKey, olderHashKey] = [randomBytes(32), randomBytes(32), randomBytes(64)]
const pairs = [hashKey, blockKey, olderHashKey]

function oldApp(codecs: readonly Codec[], name: string): RequestListener {
  const store = new CookieStore({ codecs })
  return async (request, response) => {
    const session = await store.get(request, name)
    if (request.url === '/login') Object.assign(session.values, login)
    await session.save(request, response)
    response.end(JSON.stringify(session.values))
  }
}

testMove('from securecookie with gob', () => ({
  old: oldApp(codecsFromPairs(pairs), 'session-name'),
  reader: changed => secureCookie(codecsFromPairs(pairs), { cookie: 'session-name', ...changed }),
  others: {
    'another key': secureCookie(codecsFromPairs([randomBytes(32)]), { cookie: 'session-name' }),
    'no block key': secureCookie(codecsFromPairs([hashKey]), { cookie: 'session-name' }),
    'another name': secureCookie(codecsFromPairs(pairs)),
    expired: secureCookie(codecsFromPairs(pairs, { now: () => Math.floor(inYears(1)()) }), {
      cookie: 'session-name',
    }),
  },
  cookies: ['session-name'],
}))

testMove('from securecookie with JSON, an older key and another hash', () => {
  const options = { hash: 'sha512', serializer: plainJson } as const
  const cookie = 'old'
  return {
    old: oldApp(codecsFromPairs([olderHashKey], options), cookie),
    reader: changed => secureCookie(codecsFromPairs(pairs, options), { cookie, ...changed }),
    others: {
      'another hash': secureCookie(codecsFromPairs(pairs, { serializer: plainJson }), { cookie }),
      'without the older key': secureCookie(codecsFromPairs([hashKey], options), { cookie }),
    },
    cookies: [cookie],
  }
})

testMove('from a sealed cookie whose keys are retired', () => {
  const [key, cookie] = [randomBytes(32), 'old']
  const codecs = [new Sealed({ keys: [key], purpose: 'session' })]
  return {
    old: oldApp(codecs, cookie),
    reader: changed => secureCookie(codecs, { cookie, ...changed }),
    others: {
      'another purpose': secureCookie([new Sealed({ keys: [key], purpose: 'x' })], { cookie }),
    },
    cookies: [cookie],
  }
})

suite('securecookie: cookies written by Go', () => {
  const codecFor = (vector: GoVector): Codec =>
    new SecureCookie({
      hashKey: hex(vector.hash_key_hex),
      blockKey: hex(vector.block_key_hex),
      hash: vector.hash_func as 'sha256',
      serializer: { gob: undefined, json: plainJson, nop }[vector.serializer],
      maxAge: 0,
    } as ConstructorParameters<typeof SecureCookie>[0])
  const read = (vector: GoVector, name = vector.name) =>
    found(secureCookie([codecFor(vector)]), { [name]: vector.encoded }, name)

  const envelopes = goVectors.filter(({ kind }) => kind === 'securecookie')

  test('reads maps as sessions, and nothing else', async () => {
    let sessions = 0
    for (const vector of envelopes) {
      const value = codecFor(vector).decode(vector.name, vector.encoded)
      const isMap = /^map\[(string|interface \{\})\]/.test(vector.value.go)
      if (isMap) assert.deepEqual(await read(vector), value, vector.case)
      if (vector.value.go === 'string') assert.equal(await read(vector), undefined, vector.case)
      if (isMap) sessions++
    }
    assert.ok(sessions > 20)
  })

  test('reads nothing under another cookie name', async () => {
    for (const vector of envelopes) assert.equal(await read(vector, 'other'), undefined)
  })
})

suite('securecookie: the reader', () => {
  test('reads the cookie with the name of the session', async () => {
    const reader = secureCookie(codecsFromPairs([hashKey]))
    assert.deepEqual(reader.cookieNames('login'), ['login'])
    const [codec] = codecsFromPairs([hashKey]) as [SecureCookie]
    const text = codec.encode('login', { a: 1 })
    assert.deepEqual(await found(reader, { login: text }, 'login'), { a: 1 })
    assert.equal(await found(reader, { other: text }, 'other'), undefined)
  })

  test('rejects with the error of an unusable codec', async () => {
    const reader = secureCookie(codecsFromPairs(['']))
    await assert.rejects(found(reader, { sid: 'AAAA' }), /hash key is not set/)
  })

  test('refuses wrong options', () => {
    const options = (codecs: unknown, more?: object) => () => secureCookie(codecs as never, more)
    assert.throws(
      options(undefined),
      /^TypeError: codecs must be an array of codecs, not undefined/,
    )
    assert.throws(options([]), /^TypeError: codecs must not be an empty array/)
    assert.throws(options(codecsFromPairs(['x']), { cookie: '' }), /^TypeError: cookie must not be/)
  })

  test('refuses an unknown option', () => {
    const options = { name: 'sid' } as object
    assert.throws(() => secureCookie(codecsFromPairs(['x']), options), {
      name: 'TypeError',
      message: 'secureCookie has no option name; it has cookie, until, now',
    })
  })
})
