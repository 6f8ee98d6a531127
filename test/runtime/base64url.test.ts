import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encodeBase32 } from '../../src/runtime/bytes/base32.ts'
import { decodeCanonical, decodePadded, encodePadded } from '../../src/runtime/bytes/base64url.ts'
import * as node from '../../src/runtime/bytes/node.ts'
import * as web from '../../src/runtime/bytes/web.ts'

const decode = (text: string): string => Buffer.from(decodePadded(text)).toString('latin1')

suite("base64url like Go's", () => {
  test('round-trips', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const text = encodePadded(bytes)
        assert.match(text, /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/)
        assert.deepEqual(new Uint8Array(decodePadded(text)), bytes)
      }),
    )
  })

  test('accepts line breaks anywhere and unused bits', () => {
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
    test(`${JSON.stringify(text)} is invalid at offset ${offset}`, () => {
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

/** base64url with up to two characters changed and up to two inserted. */
const almostBase64Url = fc
  .tuple(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(fc.tuple(fc.nat(80), fc.boolean(), fc.string({ maxLength: 1, unit: 'binary' })), {
      maxLength: 2,
    }),
    fc.array(
      fc.tuple(fc.nat(80), fc.constantFrom(...'+/= \n\r\0AQgwBEZz09-_\u0141\u{10141}\xc1\u3000')),
      {
        maxLength: 2,
      },
    ),
  )
  .map(([bytes, changes, insertions]) => {
    let text = Buffer.from(bytes).toString('base64url')
    for (const [at, isReplaced, char] of changes) {
      text = text.slice(0, at) + char + text.slice(isReplaced ? at + 1 : at)
    }
    for (const [at, char] of insertions) text = text.slice(0, at) + char + text.slice(at)
    return text
  })

suite('strict base64url', () => {
  test('canonical text is exactly what its bytes encode to', () => {
    const reference = (text: string): Buffer | undefined => {
      const bytes = Buffer.from(text, 'base64url')
      return bytes.toString('base64url') === text ? bytes : undefined
    }
    const agrees = (text: string): void => {
      const [expected, found] = [reference(text), decodeCanonical(text)]
      assert.deepEqual(found && Buffer.from(found), expected, JSON.stringify(text))
    }
    fc.assert(fc.property(almostBase64Url, agrees), { numRuns: 20_000 })
    fc.assert(fc.property(fc.string({ unit: 'binary' }), agrees), { numRuns: 1000 })
    // Every first and last character, and characters beyond Latin-1 whose low byte is a digit.
    for (let code = 0; code < 0x300; code++) {
      for (const start of ['', 'A', 'AA', 'AAA', 'AAAA']) {
        agrees(start + String.fromCharCode(code))
        agrees(`${String.fromCharCode(code)}${start}`)
      }
    }
  })

  test('padded text is accepted exactly when it matches the grammar', () => {
    const grammar = /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/
    fc.assert(
      fc.property(almostBase64Url, fc.nat(3), (digits, padding) => {
        const text = digits + '='.repeat(padding)
        const compact = text.replace(/[\r\n]/g, '')
        if (grammar.test(compact)) {
          assert.deepEqual(Buffer.from(decodePadded(text)), Buffer.from(compact, 'base64url'))
        } else {
          assert.throws(() => decodePadded(text), { code: 'base64-invalid' })
        }
      }),
      { numRuns: 20_000 },
    )
  })

  test('both runtimes agree', () => {
    fc.assert(
      fc.property(almostBase64Url, fc.nat(2), (digits, padding) => {
        const text = digits + '='.repeat(padding)
        const [one, other] = [node, web].map(({ decodeDigits }) => decodeDigits(text, padding))
        assert.deepEqual(one && Buffer.from(one), other && Buffer.from(other))
      }),
      { numRuns: 20_000 },
    )
  })
})

test('both runtimes agree about arbitrary digits and padding', () => {
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
