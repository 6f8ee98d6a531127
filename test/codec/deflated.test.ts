import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { CookieStore, json, Sealed } from 'silverback'
import { deflated } from 'silverback/deflate'
import { gob, nop } from 'silverback/securecookie'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

suite('deflated', () => {
  test('round-trips any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const serializer = deflated()
        const copy = serializer.deserialize(serializer.serialize(value))
        assert.deepEqual(copy, json.deserialize(json.serialize(value)))
      }),
    )
  })

  test('makes long values shorter, and short ones one byte longer', () => {
    const serializer = deflated()
    const long = { cart: Array.from({ length: 100 }, (_, id) => ({ id, name: 'apple' })) }
    assert.ok(serializer.serialize(long).length * 4 < json.serialize(long).length)
    assert.equal(serializer.serialize({ a: 1 }).length, json.serialize({ a: 1 }).length + 1)
  })

  test('reads uncompressed output of its serializer', () => {
    for (const serializer of [json, gob]) {
      for (const value of [{ a: 1 }, {}, 'text', [1], { at: new Date(0) }]) {
        const bytes = serializer.serialize(value)
        assert.deepEqual(deflated({ serializer }).deserialize(bytes), serializer.deserialize(bytes))
      }
    }
  })

  test('refuses a decompression bomb before it inflates', () => {
    const bomb = Buffer.concat([Buffer.of(1), deflateRawSync(Buffer.alloc(256 * 1024 * 1024))])
    const before = process.memoryUsage().rss
    assert.throws(() => deflated().deserialize(bomb), { code: 'ERR_BUFFER_TOO_LARGE' })
    assert.ok(process.memoryUsage().rss - before < 128 * 1024 * 1024)
    const sealed = new Sealed({ keys, serializer: nop }).encode('sid', bomb)
    assert.throws(
      () =>
        new Sealed({ keys, serializer: deflated(), maxLength: 1_000_000 }).decode('sid', sealed),
      {
        code: 'deserialize-failed',
      },
    )
  })

  test('refuses malformed bytes', () => {
    for (const bytes of [[], [1], [1, 255, 255], [0], [0, 1], [2, 3]]) {
      assert.throws(() => deflated().deserialize(Uint8Array.from(bytes)))
    }
  })

  test('refuses values above maxBytes in both directions', () => {
    const serializer = deflated({ maxBytes: 100 })
    assert.throws(
      () => serializer.serialize('x'.repeat(99)),
      /has 101 bytes, more than the limit maxBytes: 100/,
    )
    assert.equal(serializer.deserialize(serializer.serialize('x'.repeat(98))), 'x'.repeat(98))
    assert.throws(() => deflated({ maxBytes: 0 }), RangeError)
  })

  test('works in a store', async () => {
    const codec = new Sealed({ keys, serializer: deflated() })
    const store = new CookieStore({ codecs: [codec] })
    const response = nodeResponse()
    const session = await store.get(nodeRequest(), 'sid')
    session.values.text = 'x'.repeat(20_000)
    await session.save(nodeRequest(), response)
    const next = await store.get(nodeRequest(cookieHeader(response)), 'sid')
    assert.equal(next.values.text, session.values.text)
  })
})
