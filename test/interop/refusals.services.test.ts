import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, SessionError } from 'silverback'
import { decode, encode, GoOpaque, go } from 'silverback/gob'
import { cookieStore } from 'silverback/gorilla'
import { codecsFromPairs, gobFor, SecureCookie } from 'silverback/securecookie'
import { needs } from '../support/services/programs.ts'
import { registered } from './go-types.ts'
import { PeerError, usePeer } from './peer.ts'
import { assertSameTree, leaf, session, type Tree, text } from './tree.ts'
import { hexKeys, load, name, newKeys, visit } from './visit.ts'

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const named = (type: string): string => hex(Buffer.of(type.length)) + hex(Buffer.from(type))

/** Definitions: 65 is map[interface {}]interface {}, 66 is []interface {}, 67 is its map. */
const definitions = '0eff81040102ff8200011001100000' + '0cff83020102ff840001100000'
const mapDefinition = '0eff85040102ff8600010c01100000'

/** Encodes a session with one entry that consists of these bytes, which no encoder would write. */
function handmade(key: string, value: string = `${named('bool')}02020001`): string {
  const body = `ff820001${key}${value}`
  return `${definitions}${mapDefinition}${hex(Buffer.of(body.length / 2))}${body}`
}

suite('values that Go cannot read', needs('go'), () => {
  const peer = usePeer()
  const keys = newKeys(32, 32)
  const shared = { name, keyPairs: hexKeys(keys) }

  async function failureInGo(bytes: string): Promise<PeerError> {
    try {
      await peer.call('gob.decode', { hex: bytes })
    } catch (error) {
      assert.ok(error instanceof PeerError)
      return error
    }
    throw new Error('Go read it')
  }

  const sliceKeys: Record<string, [bytes: string, keys: unknown[]]> = {
    '[]uint8': [`${named('[]uint8')}0a030001ff`, [Uint8Array.of(255), go.bytes(Uint8Array.of(1))]],
    '[]interface {}': [
      `${named('[]interface {}')}ff8403000100`,
      [[1], go.typed('[]string', ['a'])],
    ],
    'map[string]interface {}': [
      `${named('map[string]interface {}')}ff86020000`,
      [{ a: 1 }, new Map()],
    ],
  }
  for (const [type, [key, values]] of Object.entries(sliceKeys)) {
    test(`refuses a map key of type ${type}, on which Go panics`, async () => {
      const failure = await failureInGo(handmade(key))
      assert.equal(failure.kind, 'panic')
      assert.match(failure.message, /unhashable type/)
      assert.throws(() => decode(Buffer.from(handmade(key), 'hex')), isGobError('gob-invalid'))
      for (const each of values) {
        const refused = { name: 'SessionError', message: /Go panics on a map key of type/ }
        assert.throws(() => encode(new Map([[each, true]])), refused)
        const holder = { nested: {} }
        go.keyed(holder.nested).set(each, true)
        assert.throws(() => encode(holder), refused)
        const array = go.typed('[2]interface {}', [each, 1])
        assert.throws(() => encode(new Map([[array, true]])), isGobError('gob-unsupported'))
      }
    })
  }

  test('builds streams by hand that are valid except for their key', async () => {
    const { tree } = await peer.call('gob.decode', { hex: handmade(`${named('int')}04020054`) })
    const expected = [[leaf('int', 42), leaf('bool', true)]]
    assert.deepEqual(tree.v, expected)
  })

  test('refuses a type that Go has not registered', async () => {
    const values = { user: 'ann', secret: go.struct('main.Secret', { Code: 1 }) }
    const failure = await failureInGo(hex(encode(values)))
    assert.match(failure.message, /name not registered for interface: "main.Secret"/)

    const codecs = codecsFromPairs(keys, { serializer: gobFor(registered) })
    const store = new CookieStore({ codecs })
    await assert.rejects(
      visit(store, undefined, visited => Object.assign(visited.values, values)),
      /cannot write secret: the Go program has not registered main.Secret; call gob\.Register\(main\.Secret\{\}\)/,
    )
    const sent = await visit(store, undefined, visited => {
      visited.values.user = 'ann'
      visited.values.person = go.struct('main.Person', { Age: 1 })
      visited.values.list = [1, new Date(0), { a: null }]
    })
    const loaded = await peer.call('cookie.load', { ...shared, cookie: sent.value })
    assert.equal(loaded.isNew, false)
  })

  for (const [value, call] of [
    [{ a: 1 }, 'gob.Register(map[string]interface {}{})'],
    [new Date(0), 'gob.Register(time.Time{})'],
    [new Map(), 'gob.Register(map[interface {}]interface {}{})'],
    [go.struct('*main.Point', { X: 1 }), 'gob.Register(&main.Point{})'],
    [go.typed('main.UserID', 1, 'int64'), 'gob.Register(main.UserID(0))'],
  ] as [unknown, string][]) {
    test(`names the missing call ${call}`, () => {
      const { serialize } = gobFor([])
      const inside: unknown[] = [value, [value]]
      for (const each of inside) {
        assert.throws(
          () => serialize({ it: each }),
          (error: Error) => error.message.includes(call),
        )
      }
      assert.doesNotThrow(() => serialize({ it: ['x', 1, 1n, 0.5, true, null, Uint8Array.of(1)] }))
    })
  }

  test('refuses numbers outside the range of their type', async () => {
    const tooLarge = handmade(`${named('string')}0c03000161`, `${named('int8')}040400fe0190`)
    const failure = await failureInGo(tooLarge)
    assert.match(failure.message, /value for "int8" out of range/)
    assert.throws(() => decode(Buffer.from(tooLarge, 'hex')), isGobError('gob-invalid'))
    assert.throws(() => go.int8(200), RangeError)
    assert.throws(() => go.typed('[]int8', [200]), TypeError)
    assert.throws(() => go.float32(1e300), RangeError)
  })

  test('refuses nil where Go has no nil', async () => {
    for (const [type, tree] of [
      ['[]string', { go: '[]string', v: [{ go: 'nil' }] }],
      ['[]*main.Point', { go: '[]*main.Point', v: [{ go: '*main.Point', v: null }] }],
    ] as const) {
      assert.throws(
        () => go.typed(type, [null], type.replace('main.Point', 'struct {}')),
        TypeError,
      )
      await assert.rejects(
        peer.call('gob.encode', { tree: session({ it: tree as never }) }),
        PeerError,
      )
    }
  })

  test('rejects a cookie whose value is not a session', async () => {
    const store = cookieStore(...keys)
    const codec = new SecureCookie({ hashKey: keys[0], blockKey: keys[1] })
    for (const value of ['an id', 5, [1], Uint8Array.of(1)]) {
      const cookie = codec.encode(name, value)
      await assert.rejects(peer.call('cookie.load', { ...shared, cookie }), isDecodeError)
      const visited = await load(store, cookie)
      assert.deepEqual([visited.isNew, visited.values], [true, {}])
    }
  })

  const others: Record<string, Tree> = {
    'map[string]interface {}': {
      go: 'map[string]interface {}',
      v: [[text('user'), text('ann')]],
    },
    'map[string]string': { go: 'map[string]string', v: [[text('user'), text('ann')]] },
    'main.Person': { go: 'main.Person', v: { Name: text('ann') } },
  }
  for (const [type, value] of Object.entries(others)) {
    test(`rejects a cookie whose value is a ${type}`, async () => {
      const [hashKey, blockKey] = hexKeys(keys)
      const { encoded } = await peer.call('codec.encode', { hashKey, blockKey, name, value })
      await assert.rejects(peer.call('cookie.load', { ...shared, cookie: encoded }), isDecodeError)
      const visited = await load(cookieStore(...keys), encoded)
      assert.deepEqual([visited.reason, visited.values], ['malformed', {}])
      // It is a valid securecookie value all the same.
      const codec = new SecureCookie({ hashKey: keys[0], blockKey: keys[1] })
      assert.equal(go.typeOf(codec.decode(name, encoded)), type === 'main.Person' ? 'Person' : type)
    })
  }

  const time = hex(encode({ at: new Date(0) }))
  const times: Record<string, string> = {
    'version 0': time.replace('0f01000000', '0f00000000'),
    'version 3': time.replace('0f01000000', '0f03000000'),
    'version 2 without its last byte': time.replace('0f01000000', '0f02000000'),
    'a BinaryMarshaler': time.replace('0501010454696d65', '0601010454696d65'),
    'a TextMarshaler': time.replace('0501010454696d65', '0701010454696d65'),
  }
  for (const [title, stream] of Object.entries(times)) {
    test(`refuses a time.Time with ${title}`, async () => {
      assert.notEqual(stream, time)
      await failureInGo(stream)
      assert.throws(() => decode(Buffer.from(stream, 'hex')), isGobError('gob-invalid'))
    })
  }

  test('reads a time of an unknown version in a typed list, which Go refuses, as an opaque value', async () => {
    const list = hex(encode({ list: go.typed('[]time.Time', [new Date(0)]) }))
    const stream = list.replace('0f01000000', '0f03000000')
    assert.notEqual(stream, list)
    await failureInGo(stream)
    const read = decode(Buffer.from(stream, 'hex')) as { list: unknown[] }
    assert.ok(read.list[0] instanceof GoOpaque)
    assert.equal(hex(encode(read)), stream)
  })

  test('reads the times that those differ from', async () => {
    await peer.call('gob.decode', { hex: time })
    assert.deepEqual(decode(Buffer.from(time, 'hex')), { at: new Date(0) })
  })

  test('refuses cookies of more than 4096 characters, in both languages', async () => {
    const long = 'x'.repeat(4000)
    const values = session({ long: text(long) })
    await assert.rejects(peer.call('cookie.save', { ...shared, values }), /too long/)
    await assert.rejects(
      visit(cookieStore(...keys), undefined, visited => {
        visited.values.long = long
      }),
      /too long/,
    )
    const unlimited = await peer.call('cookie.save', { ...shared, maxLength: 0, values })
    assert.equal((await load(cookieStore(...keys), unlimited.value)).reason, 'too-large')
    await assert.rejects(
      peer.call('cookie.load', { ...shared, cookie: unlimited.value }),
      /too long/,
    )
  })

  test('keeps the session intact after a refusal', async () => {
    const store = cookieStore(...keys)
    const saved = await peer.call('cookie.save', {
      ...shared,
      values: session({ n: leaf('int64', 1) }),
    })
    await assert.rejects(
      visit(store, saved.value, visited => {
        visited.values.bad = () => 1
      }),
    )
    const sent = await visit(store, saved.value, ({ values }) => {
      values.good = true
    })
    const loaded = await peer.call('cookie.load', { ...shared, cookie: sent.value })
    assertSameTree(loaded.values, session({ n: leaf('int64', 1), good: leaf('bool', true) }))
  })
})

function isGobError(code: string): (error: unknown) => boolean {
  return error => error instanceof SessionError && error.code === code
}

function isDecodeError(error: unknown): boolean {
  return error instanceof PeerError && error.kind === 'decode'
}
