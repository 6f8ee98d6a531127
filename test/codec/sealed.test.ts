import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { json, Keyring, Sealed, type SealedOptions, SessionError } from 'silverback'
import { nop } from 'silverback/securecookie'
import { keys } from '../support/keys.ts'

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof SessionError) return error.code
    throw error
  }
  return 'no error'
}

const noon = 1_700_000_000
const sealedAt = (now: number, more: Partial<SealedOptions> = {}): Sealed =>
  new Sealed({ keys, now: () => now, ...more })

suite('sealed values', () => {
  test('open to the value and its times', () => {
    const codec = sealedAt(noon)
    const text = codec.encode('sid', { user: 'ann' }, { startedAt: noon - 500, maxAge: 60 })
    const opened = codec.open('sid', text)
    assert.deepEqual(opened.value, { user: 'ann' })
    assert.equal(opened.issuedAt, noon)
    assert.equal(opened.startedAt, noon - 500)
    assert.equal(opened.maxAge, 60)
    assert.equal(codec.open('sid', codec.encode('sid', 'v')).maxAge, undefined)
    assert.equal(opened.renewal, undefined)
    assert.match(text, /^[\w-]+$/)
  })

  test('differ each time, and reveal nothing', () => {
    const codec = sealedAt(noon)
    const texts = new Set<string>()
    for (let i = 0; i < 1000; i++) texts.add(codec.encode('sid', { user: 'ann@example.com' }))
    assert.equal(texts.size, 1000)
    const [text] = texts
    assert.ok(!Buffer.from(text as string, 'base64url').includes('example'))
  })

  test('are refused after any flipped bit or truncation', () => {
    for (const cacheBytes of [0, 1_000_000]) {
      const codec = sealedAt(noon, { cacheBytes })
      const text = codec.encode('sid', { user: 'ann', list: [1, 2, 3] })
      assert.equal(
        codeOf(() => codec.decode('sid', text)),
        'no error',
      )
      const raw = Buffer.from(text, 'base64url')
      for (let bit = 0; bit < raw.length * 8; bit++) {
        const forged = Buffer.from(raw)
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        assert.notEqual(
          codeOf(() => codec.decode('sid', forged.toString('base64url'))),
          'no error',
        )
      }
      for (let bit = 0; bit < text.length * 8; bit++) {
        const forged = Buffer.from(text)
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        assert.notEqual(
          codeOf(() => codec.decode('sid', forged.toString('latin1'))),
          'no error',
        )
      }
      for (let length = 0; length < text.length; length++) {
        assert.notEqual(
          codeOf(() => codec.decode('sid', text.slice(0, length))),
          'no error',
        )
        assert.notEqual(
          codeOf(() => codec.decode('sid', text.slice(-length - 1, -1))),
          'no error',
        )
      }
    }
  })

  test('have exactly one accepted encoding', () => {
    const codec = sealedAt(noon, { serializer: nop })
    for (let length = 0; length < 3; length++) {
      const text = codec.encode('sid', new Uint8Array(length))
      for (const spelling of [`${text}=`, `${text}==`, `${text}\n`, ` ${text}`]) {
        assert.equal(
          codeOf(() => codec.decode('sid', spelling)),
          'base64-invalid',
        )
      }
      const standard = text.replaceAll('-', '+').replaceAll('_', '/')
      if (standard !== text) {
        assert.equal(
          codeOf(() => codec.decode('sid', standard)),
          'base64-invalid',
        )
      }
    }
  })

  test('do not open under another name, purpose or key', () => {
    const text = sealedAt(noon).encode('sid', 'v')
    assert.equal(
      codeOf(() => sealedAt(noon).decode('sie', text)),
      'mac-invalid',
    )
    assert.equal(
      codeOf(() => sealedAt(noon).decode('', text)),
      'mac-invalid',
    )
    assert.equal(
      codeOf(() => sealedAt(noon, { purpose: 'x' }).decode('sid', text)),
      'mac-invalid',
    )
    const other = sealedAt(noon, { keys: [keys[1]] })
    assert.equal(
      codeOf(() => other.decode('sid', text)),
      'key-unknown',
    )
  })

  test('bind the purpose and the name separately', () => {
    const text = sealedAt(noon, { purpose: 'ab' }).encode('c', 'v')
    assert.equal(
      codeOf(() => sealedAt(noon, { purpose: 'a' }).decode('bc', text)),
      'mac-invalid',
    )
    assert.equal(
      codeOf(() => sealedAt(noon, { purpose: 'abc' }).decode('', text)),
      'mac-invalid',
    )
  })

  test('are refused with an unknown version', () => {
    const bytes = Buffer.from(sealedAt(noon).encode('sid', 'v'), 'base64url')
    for (const version of [0, 3, 255]) {
      bytes[0] = version
      const text = bytes.toString('base64url')
      assert.equal(
        codeOf(() => sealedAt(noon).decode('sid', text)),
        'base64-invalid',
      )
    }
  })

  test('are refused above maxLength without being decoded', () => {
    const codec = sealedAt(noon, { maxLength: 100 })
    assert.equal(
      codeOf(() => codec.decode('sid', 'A'.repeat(101))),
      'text-too-long',
    )
  })

  test('refuse unsupported values, and name the key', () => {
    assert.throws(() => sealedAt(noon).encode('sid', { a: { b: [() => 1] } }), {
      code: 'serialize-failed',
      message: 'a.b[0] is a function, which a session cannot store; store plain data',
    })
  })

  test('match the test vectors', () => {
    const path = new URL('../fixtures/sealed.json', import.meta.url)
    const vectors = JSON.parse(readFileSync(path, 'utf8')) as {
      key: string
      purpose: string
      name: string
      now: number
      startedAt: number
      value: unknown
      text: string
    }[]
    assert.ok(vectors.length >= 5)
    for (const { key, purpose, name, now, startedAt, value, text } of vectors) {
      const opened = new Sealed({ keys: [key], purpose, now: () => now }).open(name, text)
      assert.deepEqual(opened.value, value)
      assert.equal(opened.startedAt, startedAt)
    }
  })
})

suite('the age of sealed values', () => {
  const text = sealedAt(noon, { maxAge: 100, maxLifetime: 1000 }).encode('sid', 'v')
  const codeAt = (now: number, more: Partial<SealedOptions> = {}): string =>
    codeOf(() => sealedAt(now, { maxLifetime: 1000, ...more }).decode('sid', text))

  test('counts from the time of sealing, and the value has its own lifetime', () => {
    assert.equal(codeAt(noon + 99), 'no error')
    assert.equal(codeAt(noon + 100), 'timestamp-expired')
    assert.equal(codeAt(noon + 99, { maxAge: 5 }), 'no error')
  })

  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    test(`nothing opens while the clock returns ${wrong}, and nothing is sealed`, () => {
      let now = noon
      const codec = new Sealed({ keys, now: () => now })
      const text = codec.encode('sid', 'v')
      codec.decode('sid', text)
      codec.decode('sid', text)
      now = wrong
      assert.match(
        codeOf(() => codec.decode('sid', text)),
        /^timestamp-/,
      )
      assert.match(
        codeOf(() => new Sealed({ keys, now: () => wrong }).decode('sid', text)),
        /^timestamp-/,
      )
      assert.throws(() => codec.encode('sid', 'v'), RangeError)
    })

    for (const option of ['maxAge', 'idle', 'startedAt'] as const) {
      test(`sealing refuses ${wrong} for ${option}`, () => {
        const error = { name: 'RangeError', message: new RegExp(option) }
        assert.throws(() => sealedAt(noon).encode('sid', 'v', { [option]: wrong }), error)
      })
    }
  }

  test('fractions of a second are dropped', () => {
    const codec = sealedAt(noon + 0.7)
    const opened = codec.open(
      'sid',
      codec.encode('sid', 'v', { startedAt: noon - 9.5, maxAge: 1.5 }),
    )
    assert.equal(opened.issuedAt, noon)
    assert.equal(opened.startedAt, noon - 10)
    assert.equal(opened.maxAge, 1)
  })

  for (const limit of ['maxAge', 'maxLifetime'] as const) {
    test(`nothing opens with a ${limit} of NaN`, () => {
      const codec = sealedAt(noon)
      const text = codec.encode('sid', 'v')
      codec[limit] = Number.NaN
      assert.equal(
        codeOf(() => codec.decode('sid', text)),
        'timestamp-expired',
      )
    })
  }

  test('values from the future are refused, apart from clock skew', () => {
    assert.equal(codeAt(noon - 60), 'no error')
    assert.equal(codeAt(noon - 61), 'timestamp-too-new')
  })

  test('renewal does not extend a session beyond maxLifetime', () => {
    const renewed = sealedAt(noon + 990, { maxAge: 100, maxLifetime: 1000 }).encode('sid', 'v', {
      startedAt: noon,
    })
    const readAt = (now: number): string =>
      codeOf(() => sealedAt(now, { maxLifetime: 1000 }).decode('sid', renewed))
    assert.equal(readAt(noon + 999), 'no error')
    assert.equal(readAt(noon + 1000), 'timestamp-expired')
  })

  test('cached values expire, too', () => {
    let now = noon
    const codec = new Sealed({ keys, maxAge: 100, now: () => now })
    const remembered = codec.encode('sid', 'v')
    assert.equal(codec.decode('sid', remembered), 'v')
    now += 101
    assert.equal(
      codeOf(() => codec.decode('sid', remembered)),
      'timestamp-expired',
    )
    now -= 200
    assert.equal(
      codeOf(() => codec.decode('sid', remembered)),
      'timestamp-too-new',
    )
    now = noon
    codec.maxAge = -1
    assert.equal(
      codeOf(() => codec.decode('sid', remembered)),
      'timestamp-expired',
    )
  })

  test('renewal is due after a twentieth of the lifetime, but not within a minute', () => {
    const old = sealedAt(noon, { maxAge: 10_000 }).encode('sid', 'v')
    assert.equal(sealedAt(noon + 499).open('sid', old).renewal, undefined)
    assert.equal(sealedAt(noon + 500).open('sid', old).renewal, 'age')
    const short = sealedAt(noon, { maxAge: 120 }).encode('sid', 'v')
    assert.equal(sealedAt(noon + 59).open('sid', short).renewal, undefined)
    assert.equal(sealedAt(noon + 60).open('sid', short).renewal, 'age')
  })
})

suite('keys of sealed values', () => {
  test('an older key opens, and the value is due for renewal', () => {
    const text = sealedAt(noon, { keys: [keys[1]] }).encode('sid', 'v')
    const opened = sealedAt(noon).open('sid', text)
    assert.equal(opened.value, 'v')
    assert.equal(opened.renewal, 'old-key')
    const renewed = sealedAt(noon).encode('sid', 'v')
    assert.equal(sealedAt(noon, { keys: [keys[0]] }).decode('sid', renewed), 'v')
  })

  test('a removed key opens nothing, cached or not', () => {
    const ring = new Keyring([keys[1]])
    const codec = sealedAt(noon, { keys: ring })
    const text = codec.encode('sid', 'v')
    assert.equal(codec.decode('sid', text), 'v')
    ring.replace([keys[0]])
    assert.equal(
      codeOf(() => codec.decode('sid', text)),
      'key-unknown',
    )
    ring.replace([keys[0], keys[1]])
    assert.equal(codec.decode('sid', text), 'v')
  })

  test('an invalid replacement leaves the keys unchanged', () => {
    const ring = new Keyring(keys)
    const { newest } = ring
    assert.throws(() => ring.replace(['short']), RangeError)
    assert.throws(() => ring.replace([]), RangeError)
    assert.equal(ring.newest, newest)
  })

  test('keys are copied', () => {
    const key = crypto.getRandomValues(new Uint8Array(32))
    const codec = new Sealed({ keys: [key] })
    const text = codec.encode('sid', 'v')
    key.fill(0)
    assert.equal(codec.decode('sid', text), 'v')
  })

  const hex = Buffer.from(keys[0]).toString('hex')
  test('strings are decoded as hex, base64 or base64url, or else as UTF-8', () => {
    const text = sealedAt(noon, { keys: [keys[0]] }).encode('sid', 'v')
    for (const key of [
      hex,
      hex.toUpperCase(),
      Buffer.from(keys[0]).toString('base64'),
      Buffer.from(keys[0]).toString('base64url'),
    ]) {
      assert.equal(sealedAt(noon, { keys: [key] }).decode('sid', text), 'v')
    }
    const phrase = 'correct horse battery staple, and nine more words'
    const spoken = sealedAt(noon, { keys: [phrase] }).encode('sid', 'v')
    assert.equal(sealedAt(noon, { keys: [Buffer.from(phrase)] }).decode('sid', spoken), 'v')
  })

  for (const [key, message] of [
    ['', /keys\[0\] is empty: is the environment variable set/],
    ['a short one', /keys\[0\] has 11 bytes/],
    [hex.slice(2), /keys\[0\] has 31 bytes/],
    [new Uint8Array(31), /keys\[0\] has 31 bytes/],
    [new Uint8Array(32), /keys\[0\] repeats itself too much to be random/],
    ['0123456789abcdef'.repeat(4), /keys\[0\] repeats itself/],
    ['a'.repeat(64), /keys\[0\] repeats itself/],
    ['ab cd ef gh '.repeat(5), /keys\[0\] repeats itself/],
    ['keyboard cat, keyboard cat, keyboard cat', /keys\[0\] is a placeholder, not a secret/],
    ['complex_password_at_least_32_characters_long', /keys\[0\] is a placeholder/],
    ['changeme-changeme-changeme-changeme', /keys\[0\] is a placeholder/],
    ['super-secret-key-of-more-than-32-characters', /keys\[0\] is a placeholder/],
  ] as [string | Uint8Array, RegExp][]) {
    test(`refused: ${typeof key === 'string' ? key.slice(0, 20) : `${key.length} bytes`}`, () => {
      assert.throws(
        () => new Keyring([key]),
        (error: unknown) => {
          assert.ok(error instanceof RangeError)
          assert.match(error.message, message)
          if (key.length > 0) assert.ok(!error.message.includes(String(key)))
          return true
        },
      )
      assert.throws(() => new Keyring([keys[0], key]), /keys\[1\]/)
    })
  }

  for (const [list, message] of [
    ['a string', /keys must be an array of keys, newest first, not a string/],
    [undefined, /keys must be an array of keys, newest first, not undefined/],
    [[undefined], /keys\[0\] is undefined: is the environment variable set/],
    [[42], /keys\[0\] must be a string or a Uint8Array, not a number/],
  ] as [never, RegExp][]) {
    test(`refused: ${message.source}`, () => {
      assert.throws(() => new Keyring(list), { name: 'TypeError', message })
    })
  }
})

suite('the cache of opened values', () => {
  test('gives every caller its own value', () => {
    const codec = sealedAt(noon)
    for (const value of [
      { list: [1] },
      { list: [1], date: new Date(0) },
      { list: [1], map: new Map() },
    ]) {
      const text = codec.encode('sid', value)
      for (let i = 0; i < 4; i++) {
        const { value: opened, original } = codec.open('sid', text)
        assert.deepEqual(opened, value)
        assert.deepEqual(original ?? value, value)
        ;(opened as { list: number[] }).list.push(2)
        if (original) assert.throws(() => (original as { list: number[] }).list.push(2), TypeError)
      }
    }

    const raw = sealedAt(noon, { serializer: nop })
    const bytes = raw.encode('sid', Uint8Array.of(1, 2, 3))
    for (let i = 0; i < 3; i++) {
      const opened = raw.open('sid', bytes)
      assert.deepEqual([...(opened.value as Uint8Array)], [1, 2, 3])
      ;(opened.value as Uint8Array).fill(0)
      opened.payload.fill(0)
    }
  })

  test('opens values that are nested more deeply than the stack', () => {
    const depth = 30_000
    const deep = {
      ...json,
      serialize: () => Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
    }
    const codec = sealedAt(noon, { serializer: deep, maxLength: 200_000 })
    const text = codec.encode('sid', {})
    for (let i = 0; i < 4; i++) assert.ok(codec.decode('sid', text))
  })

  test('stays within its limit', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    const before = process.memoryUsage().heapUsed
    const codec = sealedAt(noon, { cacheBytes: 100_000, serializer: nop })
    const header = 'x'.repeat(60_000)
    for (let i = 0; i < 2000; i++) {
      const text = codec.encode('sid', new Uint8Array(100))
      // A slice of a long header, like the value of a cookie.
      codec.decode('sid', `${header}${text}`.slice(header.length))
    }
    collect()
    const grown = process.memoryUsage().heapUsed - before
    // Used, so that it was not collected itself.
    assert.ok(codec.encode('sid', new Uint8Array(1)))
    assert.ok(grown < 10_000_000)
  })

  test('can be turned off, and refuses invalid sizes', () => {
    const codec = sealedAt(noon, { cacheBytes: 0 })
    const text = codec.encode('sid', 'v')
    assert.equal(codec.decode('sid', text), 'v')
    assert.equal(codec.decode('sid', text), 'v')
    for (const cacheBytes of [-1, 1.5, Number.NaN]) {
      assert.throws(() => sealedAt(noon, { cacheBytes }), RangeError)
    }
  })
})

test('sealed values round-trip with any name, purpose and bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string(),
      fc.uint8Array({ maxLength: 5000 }),
      fc.nat(30 * 86_400 - 1),
      (name, purpose, bytes, age) => {
        const codec = sealedAt(noon, { purpose, serializer: nop })
        const opened = codec.open(name, codec.encode(name, bytes, { startedAt: noon - age }))
        assert.deepEqual([...(opened.value as Uint8Array)], [...bytes])
        assert.equal(opened.startedAt, noon - age)
      },
    ),
  )
})
