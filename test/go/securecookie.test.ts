import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { go } from 'silverback/gob'
import {
  codecsFromPairs,
  decodeMulti,
  encodeMulti,
  generateRandomKey,
  gob,
  MultiError,
  nop,
  plainJson,
  SecureCookie,
  type SecureCookieOptions,
  SessionError,
} from 'silverback/securecookie'
import { type GoEdge, type GoVector, goEdges, goVectors, hex } from '../support/fixtures.ts'

const hashKey = '0123456789abcdef0123456789abcdef'
const serializers = { json: plainJson, nop } as Record<string, typeof nop>

function codecOf(vector: GoVector, more: Partial<SecureCookieOptions> = {}): SecureCookie {
  return new SecureCookie({
    hashKey: hex(vector.hash_key_hex),
    blockKey: hex(vector.block_key_hex),
    hash: vector.hash_func as NonNullable<SecureCookieOptions['hash']>,
    now: () => vector.timestamp,
    ...more,
  })
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof SessionError) return error.code
    throw error
  }
  return 'no error'
}

suite("Go's vectors", () => {
  for (const vector of goVectors.filter(({ kind }) => kind === 'securecookie')) {
    const payload = hex(vector.payload_hex)

    test(`${vector.case}: decodes to Go's bytes`, () => {
      const read = codecOf(vector, { serializer: nop }).decode(vector.name, vector.encoded)
      assert.deepEqual(Buffer.from(read as Uint8Array), payload)
    })

    test(`${vector.case}: encodes Go's bytes as Go does`, () => {
      const codec = codecOf(vector, { serializer: nop })
      const text = codec.encode(vector.name, payload)
      if (!vector.block_key_hex) assert.equal(text, vector.encoded)
      // With a random IV, every encrypted value is different.
      assert.equal(text.length, vector.encoded.length)
      assert.deepEqual(codec.decode(vector.name, text), Buffer.from(payload))
    })

    const serializer = serializers[vector.serializer]
    if (serializer === plainJson) {
      test(`${vector.case}: serializes the value to Go's bytes`, () => {
        const codec = codecOf(vector, { serializer: plainJson })
        const value = codec.decode(vector.name, vector.encoded)
        assert.deepEqual(Buffer.from(plainJson.serialize(value)), payload)
      })
    }
  }

  test('a rotation decodes with the pair that encoded the value', () => {
    const vector = goVectors.find(({ kind }) => kind === 'rotation') as GoVector
    const codecs = codecsFromPairs(
      (vector.key_pairs_hex ?? []).map(key => hex(key)),
      {
        now: () => vector.timestamp,
      },
    )
    assert.deepEqual(decodeMulti(vector.name, vector.encoded, codecs), { gen: 1 })
    assert.throws(() => codecs[0]?.decode(vector.name, vector.encoded))
  })
})

suite("Go's edge cases", () => {
  const ages: Record<string, Partial<SecureCookieOptions>> = {
    maxage0_old: { maxAge: 0 },
    maxage_neg1_fresh: { maxAge: -1 },
    minage10_exact: { minAge: 10 },
    minage_neg10_future: { minAge: -10 },
    aes_wrong_blockkey: { blockKey: 'another block key'.slice(0, 16) },
    plain_cookie_with_block: { blockKey: 'fedcba9876543210' },
    aes_15: { blockKey: 'fedcba9876543210' },
  }

  for (const edge of goEdges.filter(({ name, encoded }) => name !== undefined && encoded)) {
    test(edge.case, () => {
      const codec = new SecureCookie({
        hashKey: hex('3031323334353637383961626364656630313233343536373839616263646566'),
        now: () => edge.now as number,
        ...ages[edge.case],
      })
      checkDecode(edge, () => codec.decode(edge.name as string, edge.encoded as string))
    })
  }

  function checkDecode(edge: GoEdge, decode: () => unknown): void {
    // In Go the caller names the expected type; here the caller checks the type of the result.
    const got = edge.case === 'gob_int_into_string' ? 3 : edge.got
    if (edge.ok || got === 3) {
      assert.equal(decode(), got)
      return
    }
    assert.throws(decode, (error: unknown) => {
      assert.ok(error instanceof SessionError)
      assert.deepEqual([error.isDecode, error.isUsage, error.isInternal], [true, false, false])
      if (!edge.err?.includes('gob:')) assert.equal(error.message, edge.err)
      return true
    })
  }

  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    test(`decodes nothing while the clock returns ${wrong}, and encodes nothing`, () => {
      let now = 1_700_000_000
      const codec = new SecureCookie({ hashKey, minAge: 10, serializer: nop, now: () => now })
      const text = codec.encode('sid', new Uint8Array(4))
      now += 10
      codec.decode('sid', text)
      codec.decode('sid', text)
      now = wrong
      for (const reader of [
        codec,
        new SecureCookie({ hashKey, serializer: nop, now: () => now }),
      ]) {
        const code = codeOf(() => reader.decode('sid', text))
        // A codec without a minimum age accepts timestamps in the future, as Go does.
        if (reader === codec || now !== Number.NEGATIVE_INFINITY) assert.match(code, /^timestamp-/)
      }
      assert.throws(() => codec.encode('sid', new Uint8Array(4)), RangeError)
    })
  }

  test('writes timestamps without a fraction', () => {
    const codec = new SecureCookie({ hashKey, serializer: nop, now: () => 1_700_000_000.7 })
    const text = codec.encode('sid', new Uint8Array(4))
    assert.equal(codec.open('sid', text).issuedAt, 1_700_000_000)
  })

  test('limits the length when encoding and decoding', () => {
    const codec = new SecureCookie({ hashKey, now: () => 1_700_000_000 })
    assert.match(codec.encode('n', 'x'.repeat(2263)), /^.{4096}$/)
    assert.equal(
      codeOf(() => codec.encode('n', 'x'.repeat(2264))),
      'value-too-long',
    )
    assert.equal(
      codeOf(() => codec.decode('n', 'A'.repeat(4096))),
      'mac-invalid',
    )
    assert.equal(
      codeOf(() => codec.decode('n', 'A'.repeat(4097))),
      'text-too-long',
    )
    codec.maxLength = 0
    assert.equal(codec.decode('n', codec.encode('n', 'x'.repeat(100_000))), 'x'.repeat(100_000))
  })

  for (const [what, options, code] of [
    ['no hash key', { hashKey: undefined }, 'hash-key-not-set'],
    ['null hash key', { hashKey: null }, 'hash-key-not-set'],
    ['empty hash key', { hashKey: '' }, 'hash-key-not-set'],
    ['empty block key', { hashKey, blockKey: '' }, 'block-key-invalid'],
    ['block key of 15 bytes', { hashKey, blockKey: 'x'.repeat(15) }, 'block-key-invalid'],
    ['block key of 17 bytes', { hashKey, blockKey: 'x'.repeat(17) }, 'block-key-invalid'],
    ['both wrong', { hashKey: null, blockKey: 'x'.repeat(17) }, 'block-key-invalid'],
  ] as [string, SecureCookieOptions, string][]) {
    test(`${what}: encode and decode report a usage error`, () => {
      const codec = new SecureCookie(options)
      assert.equal(
        codeOf(() => codec.encode('n', 'v')),
        code,
      )
      assert.equal(
        codeOf(() => codec.decode('n', 'v')),
        code,
      )
    })
  }

  test('accepts a hash key of one byte', () => {
    const codec = new SecureCookie({ hashKey: 'k' })
    assert.equal(codec.decode('n', codec.encode('n', 'v')), 'v')
  })

  test('the nop serializer accepts bytes only, and does not change them', () => {
    const codec = new SecureCookie({ hashKey, blockKey: hashKey, serializer: nop })
    assert.equal(
      codeOf(() => codec.encode('n', 'text')),
      'serialize-failed',
    )
    const bytes = Uint8Array.of(1, 2, 3)
    codec.encode('n', bytes)
    assert.deepEqual(bytes, Uint8Array.of(1, 2, 3))
    // An encrypted empty value consists of the IV only. Go cannot decode that either.
    const empty = codec.encode('n', new Uint8Array(0))
    assert.equal(
      codeOf(() => codec.decode('n', empty)),
      'decryption-failed',
    )
  })
})

suite("the Go package's own tests", () => {
  test('a value decodes with its own keys and no others', () => {
    const one = new SecureCookie({ hashKey: '12345', blockKey: '1234567890123456' })
    const two = new SecureCookie({ hashKey: '54321', blockKey: '6543210987654321' })
    const value = { foo: 'bar', baz: 128 }
    for (let i = 0; i < 50; i++) {
      const text = one.encode('sid', value)
      assert.deepEqual(one.decode('sid', text), value)
      assert.equal(
        codeOf(() => two.decode('sid', text)),
        'mac-invalid',
      )
    }
  })

  test('refuses values that were never encoded', () => {
    const codec = new SecureCookie({ hashKey: '12345' })
    for (const raw of ['', ' ', '\n', '||', '|||', 'cookie']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const text = Buffer.from(raw).toString(encoding)
        const code = codeOf(() => codec.decode('name', text))
        assert.ok(['mac-invalid', 'base64-invalid'].includes(code), code)
      }
    }
  })

  test('the error has the failures of all codecs', () => {
    const broken = new SecureCookie({ hashKey: null })
    assert.throws(
      () => encodeMulti('sid', 'value', [broken, broken]),
      (error: unknown) => {
        assert.ok(error instanceof MultiError)
        assert.ok(error instanceof AggregateError)
        assert.equal(error.errors.length, 2)
        assert.equal(error.message, 'securecookie: hash key is not set (and 1 other error)')
        assert.deepEqual([error.isUsage, error.isDecode, error.isInternal], [true, false, false])
        return true
      },
    )
  })

  for (const [format, serializer] of [
    ['gob', gob],
    ['JSON', plainJson],
  ] as const) {
    test(`serializes maps of strings, with ${format}`, () => {
      for (const values of [{ foo: 'bar' }, { baz: 'ding' }]) {
        assert.deepEqual(serializer.deserialize(serializer.serialize(values)), values)
      }
    })
  }

  test('keeps a struct whose type is not registered', () => {
    const codec = new SecureCookie({ hashKey: '12345', blockKey: '1234567890123456' })
    const value = codec.decode(
      'sid',
      codec.encode('sid', go.struct('FooBar', { Foo: 42, Bar: 'bar' })),
    )
    assert.deepEqual({ ...(value as object) }, { Foo: 42, Bar: 'bar' })
  })

  test('throws no-codecs for an empty list', () => {
    assert.equal(
      codeOf(() => encodeMulti('foo', 'bar', [])),
      'no-codecs',
    )
    assert.equal(
      codeOf(() => decodeMulti('foo', 'bar', [])),
      'no-codecs',
    )
  })
})

suite('rotation', () => {
  test('encodes with the first pair and decodes with every pair', () => {
    const before = codecsFromPairs(['old hash', '1111111111111111'])
    const after = codecsFromPairs(['new hash', '2222222222222222', 'old hash', '1111111111111111'])
    assert.equal(decodeMulti('n', encodeMulti('n', 'old', before), after), 'old')
    const text = encodeMulti('n', 'new', after)
    assert.equal(decodeMulti('n', text, after.slice(0, 1)), 'new')
    assert.throws(() => decodeMulti('n', text, before))
  })

  test('an odd count leaves the last pair without a block key', () => {
    const codecs = codecsFromPairs(['a', '1111111111111111', 'b'])
    assert.equal(codecs.length, 2)
    const plain = new SecureCookie({ hashKey: 'b' }).encode('n', 'v')
    assert.equal(decodeMulti('n', plain, codecs), 'v')
  })

  test('skips a broken first pair, as Go does', () => {
    const codecs = codecsFromPairs(['a', 'too short', 'b'])
    const text = encodeMulti('n', 'v', codecs)
    assert.equal(new SecureCookie({ hashKey: 'b' }).decode('n', text), 'v')
  })
})

suite('forgeries', () => {
  const codec = new SecureCookie({ hashKey, blockKey: hashKey, serializer: nop })
  const text = codec.encode('n', Buffer.from('a session of some length, well over one block'))

  test('refuses every flipped bit of the encoded value, unless it decodes to the same bytes', () => {
    const raw = Buffer.from(text, 'base64url')
    for (let bit = 0; bit < text.length * 8; bit++) {
      const flipped = Buffer.from(text)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const forged = flipped.toString('latin1')
      const code = codeOf(() => codec.decode('n', forged))
      // Like Go, decoding ignores unused bits of the last character.
      const sameBytes = Buffer.from(forged, 'base64url').equals(raw) && /^[\w=-]+$/.test(forged)
      if (sameBytes) assert.ok(['no error', 'base64-invalid'].includes(code))
      else assert.notEqual(code, 'no error', `bit ${bit}`)
    }
  })

  test('refuses every flipped bit of the bytes', () => {
    const raw = Buffer.from(text, 'base64url')
    for (let bit = 0; bit < raw.length * 8; bit++) {
      const flipped = Buffer.from(raw)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const forged = flipped.toString('base64url') + '='.repeat((3 - (raw.length % 3)) % 3)
      assert.equal(
        codeOf(() => codec.decode('n', forged)),
        'mac-invalid',
      )
    }
  })

  test('refuses every truncation', () => {
    for (let length = 0; length < text.length; length++) {
      assert.notEqual(
        codeOf(() => codec.decode('n', text.slice(0, length))),
        'no error',
      )
      assert.notEqual(
        codeOf(() => codec.decode('n', text.slice(text.length - length))),
        'no error',
      )
    }
  })

  test('refuses another name or hash function', () => {
    assert.equal(
      codeOf(() => codec.decode('m', text)),
      'mac-invalid',
    )
    const other = new SecureCookie({ hashKey, blockKey: hashKey, serializer: nop, hash: 'sha384' })
    assert.equal(
      codeOf(() => other.decode('n', text)),
      'mac-invalid',
    )
  })
})

suite('options', () => {
  for (const [options, message] of [
    [{ hashKey: 42 }, /hashKey must be a Uint8Array or a string, not a number/],
    [{ hashKey, blockKey: {} }, /blockKey must be a Uint8Array or a string, not an Object/],
    [{ hashKey, hash: 'rot13' }, /hash must be 'sha256', /],
    [{ hashKey, maxAge: 1.5 }, /maxAge must be a whole number/],
    [{ hashKey, maxLength: '4096' }, /maxLength must be a whole number, not a string/],
  ] as [SecureCookieOptions, RegExp][]) {
    test(String(message), () => {
      assert.throws(() => new SecureCookie(options), { name: 'TypeError', message })
    })
  }

  test('copies its keys', () => {
    const key = generateRandomKey(32)
    const codec = new SecureCookie({ hashKey: key })
    const text = codec.encode('n', 'v')
    key.fill(0)
    assert.equal(codec.decode('n', text), 'v')
  })

  test('generates random keys', () => {
    assert.equal(generateRandomKey(64).length, 64)
    assert.notDeepEqual(generateRandomKey(32), generateRandomKey(32))
    assert.throws(() => generateRandomKey(0), RangeError)
  })

  test('round-trips with every hash function and key size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sha256', 'sha512', 'sha512-256', 'sha384', 'sha224', 'sha1', 'md5'),
        fc.constantFrom(undefined, 16, 24, 32),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        (hash, blockLength, name, bytes) => {
          const blockKey = blockLength && generateRandomKey(blockLength)
          const options = { hashKey, blockKey, serializer: nop } as const
          const codec = new SecureCookie({ ...options, hash: hash as 'sha256' })
          assert.deepEqual(
            Buffer.from(codec.decode(name, codec.encode(name, bytes)) as Uint8Array),
            Buffer.from(bytes),
          )
        },
      ),
    )
  })
})
