import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encodeBase32 } from '../../src/runtime/bytes/base32.ts'
import { decodePadded, encodePadded } from '../../src/runtime/bytes/base64url.ts'
import * as node from '../../src/runtime/bytes/node.ts'
import * as web from '../../src/runtime/bytes/web.ts'

const decode = (text: string): string => Buffer.from(decodePadded(text)).toString('latin1')

suite("base64url as Go's", () => {
  test('round trips', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const text = encodePadded(bytes)
        assert.match(text, /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/)
        assert.deepEqual(new Uint8Array(decodePadded(text)), bytes)
      }),
    )
  })

  test('line breaks anywhere and unused bits are accepted', () => {
    assert.equal(decode(''), '')
    assert.equal(decode('\r\n'), '')
    assert.equal(decode('Z\nm\r9v\n'), 'foo')
    assert.equal(decode('Zg=\n='), 'f')
    assert.equal(decode('Zg==\r\n'), 'f')
    assert.equal(decode('Zv=='), 'f')
  })

  // Offsets are those that Go's base64.URLEncoding reports.
  for (const [text, offset] of [
    ['Zg', 0],
    ['Zm9vZg', 4],
    ['Z', 0],
    ['Zg=', 3],
    ['Z===', 1],
    ['====', 0],
    ['Zg=a', 2],
    ['Zg==Zg==', 4],
    ['Zm8=Zg', 4],
    ['Zm+v', 2],
    ['Zm/v', 2],
    ['Zm9v ', 4],
    [' Zm9v', 0],
    ['Zm9v\t', 4],
    ['Zm9v=', 4],
    ['Zg=\n', 4],
    ['Zg=\n=x', 5],
    ['Z\nm\n9', 2],
    ['Zm8\n=\n=', 6],
    ['Zm9v\nZ==', 6],
    ['Zm9\u00fc', 3],
  ] as [string, number][]) {
    test(`${JSON.stringify(text)} is refused at ${offset}`, () => {
      assert.throws(() => decodePadded(text), {
        code: 'base64-invalid',
        message: `securecookie: base64 decode failed - caused by: illegal base64 data at input byte ${offset}`,
      })
    })
  }

  test('both runtimes agree', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 10_000 }),
        fc.string({ unit: 'binary' }),
        (bytes, text) => {
          assert.equal(web.encodeBase64Url(bytes), node.encodeBase64Url(bytes))
          const encoded = encodePadded(bytes)
          assert.deepEqual(
            web.decodeBase64Url(encoded),
            new Uint8Array(node.decodeBase64Url(encoded)),
          )
          assert.deepEqual(web.utf8Bytes(text), new Uint8Array(node.utf8Bytes(text)))
          assert.equal(
            web.latin1Text(bytes, 1, bytes.length),
            node.latin1Text(bytes, 1, bytes.length),
          )
        },
      ),
    )
  })
})

test('both runtimes agree about text that nobody encoded', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'AZaz09-_') })
  fc.assert(
    fc.property(digits, fc.nat(3), (text, padding) => {
      const padded = text + '='.repeat(padding)
      assert.deepEqual(web.decodeBase64Url(padded), new Uint8Array(node.decodeBase64Url(padded)))
    }),
  )
})

suite('base32', () => {
  // RFC 4648 §10, padding cut off.
  for (const [text, encoded] of Object.entries({
    '': '',
    f: 'MY',
    fo: 'MZXQ',
    foo: 'MZXW6',
    foob: 'MZXW6YQ',
    fooba: 'MZXW6YTB',
    foobar: 'MZXW6YTBOI',
  })) {
    test(`"${text}"`, () => assert.equal(encodeBase32(Buffer.from(text)), encoded))
  }
})
