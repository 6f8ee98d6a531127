import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { json } from 'silverback'
import { keyed } from '../../src/codec/non-string-keys.ts'

const text = (value: unknown): string => Buffer.from(json.serialize(value)).toString()
const roundTrip = (value: unknown): unknown => json.deserialize(json.serialize(value))

suite('values that survive a round trip', () => {
  const shared = { a: 1 }
  for (const [what, value] of Object.entries({
    'plain data': { a: [1, 2.5, 'x', true, null, { b: {} }] },
    dates: { at: new Date(1_700_000_000_123) },
    maps: new Map<unknown, unknown>([
      [1, 'one'],
      ['1', new Map([[null, []]])],
    ]),
    sets: new Set([1, 'a', new Set()]),
    bigints: { id: 12345678901234567890n, negative: -1n },
    addresses: { url: new URL('https://example.com/a?b=c#d') },
    patterns: { pattern: /a+b/giu },
    bytes: { key: Uint8Array.of(0, 127, 255), none: new Uint8Array(0) },
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 2 ** 53],
    undefined: { a: undefined, list: [1, undefined, 2] },
    'half a surrogate pair': 'a\ud800b',
    'other views': { floats: Float64Array.of(1.5, -2), ints: Int16Array.of(-1) },
  })) {
    test(what, () => assert.deepEqual(roundTrip(value), value))
  }

  test('plain data is written as plain JSON', () => {
    assert.equal(text({ user: 'ann', n: [1.5, null] }), '{"user":"ann","n":[1.5,null]}')
    assert.equal(text('!not rich'), '"!not rich"')
  })

  test('dates in plain data are written as JSON, with the paths that lead to them', () => {
    const at = new Date(1_700_000_000_123)
    const value = { a: [{ at }], until: new Date(0), n: 1 }
    assert.equal(
      text(value),
      '@[[["a",0,"at"],["until"]],{"a":[{"at":"2023-11-14T22:13:20.123Z"}],"until":"1970-01-01T00:00:00.000Z","n":1}]',
    )
    assert.deepEqual(roundTrip(value), value)
    assert.deepEqual(roundTrip('@ no date'), '@ no date')
  })

  test('a date under __proto__ stays an own property', () => {
    const value = JSON.parse('{"__proto__":1}')
    Object.defineProperty(value, '__proto__', { value: new Date(5), enumerable: true })
    const copy = roundTrip(value) as object
    assert.equal(Object.getPrototypeOf(copy), Object.prototype)
    assert.deepEqual(Object.getOwnPropertyDescriptor(copy, '__proto__')?.value, new Date(5))
  })

  test('dates that JSON cannot carry', () => {
    const shared = new Date(1)
    const { a, b } = roundTrip({ a: shared, b: shared }) as { a: Date; b: Date }
    assert.equal(a, b)
    const { invalid } = roundTrip({ invalid: new Date(Number.NaN) }) as { invalid: Date }
    assert.ok(invalid instanceof Date && Number.isNaN(invalid.getTime()))
    assert.deepEqual(roundTrip(new Date(1)), new Date(1))
    const odd = Object.assign(new Date(1), { toJSON: () => 'yesterday' })
    assert.deepEqual((roundTrip({ odd }) as { odd: Date }).odd.getTime(), 1)
  })

  test('paths that lead to no date are refused', () => {
    for (const broken of ['@[[["a"]],{}]', '@[[["a","b"]],{"a":1}]', '@[[[]],{}]', '@[]', '@1']) {
      assert.throws(() => json.deserialize(Buffer.from(broken)), TypeError)
    }
  })

  test('repeated references stay one object', () => {
    const { a, b } = roundTrip({ a: shared, b: shared }) as { a: object; b: object }
    assert.equal(a, b)
    assert.deepEqual(a, shared)
  })

  test('cycles', () => {
    const value: { self?: unknown; list: unknown[] } = { list: [] }
    value.self = value
    value.list.push(value.list)
    const copy = roundTrip(value) as typeof value
    assert.equal(copy.self, copy)
    assert.equal(copy.list[0], copy.list)
  })

  test('entries whose keys are not strings', () => {
    const value = {
      '42': 'text',
      [keyed]: new Map<unknown, unknown>([[42, { nested: new Date(0) }]]),
    }
    assert.deepEqual(roundTrip(value), value)
    assert.deepEqual(roundTrip({ a: 1, [keyed]: new Map() }), { a: 1 })
  })

  test('a view is stored without the rest of its buffer', () => {
    const buffer = Buffer.from('secret-open-secret')
    for (const view of [
      buffer.subarray(7, 11),
      new Uint8Array(buffer.buffer, buffer.byteOffset + 7, 4),
    ]) {
      assert.ok(!text({ view }).includes(Buffer.from('secret').toString('base64url').slice(0, 6)))
      assert.deepEqual(
        (roundTrip({ view }) as { view: Uint8Array }).view,
        Uint8Array.from(Buffer.from('open')),
      )
    }
    const floats = Float64Array.of(1, 2, 3).subarray(1, 2)
    assert.deepEqual(roundTrip({ floats }), { floats: Float64Array.of(2) })
    assert.ok(!text({ floats }).includes('8D')) // the base64 of the 1 before it
  })

  test('decoded bytes have a buffer of their own', () => {
    const { bytes } = roundTrip({ bytes: Uint8Array.of(1, 2) }) as { bytes: Uint8Array }
    assert.equal(bytes.buffer.byteLength, 2)
    assert.equal(bytes.constructor, Uint8Array)
  })
})

suite('keys with a meaning in JavaScript are ordinary keys', () => {
  const hostile =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"then":"x","toJSON":"y","hasOwnProperty":3,"prototype":4}'

  test('in plain data', () => {
    const value = JSON.parse(hostile)
    assert.deepEqual(Object.keys(roundTrip(value) as object), Object.keys(value))
    assert.equal(text(value), hostile)
  })

  test('in rich data', () => {
    const value = { ...JSON.parse(hostile), at: new Date(0) }
    Object.defineProperty(value, '__proto__', { value: { deep: 1n }, enumerable: true })
    const copy = roundTrip({ outer: [value] }) as { outer: [typeof value] }
    assert.deepEqual(Object.keys(copy.outer[0]), Object.keys(value))
    assert.deepEqual(Object.getOwnPropertyDescriptor(copy.outer[0], '__proto__')?.value, {
      deep: 1n,
    })
    assert.equal(Object.getPrototypeOf(copy.outer[0]), Object.prototype)
  })

  test('Object.prototype is not polluted', () => {
    roundTrip(JSON.parse(hostile))
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined)
  })

  test('a toJSON method is not called', () => {
    assert.throws(
      () => json.serialize({ a: { toJSON: () => 'forged' } }),
      /a\.toJSON is a function/,
    )
  })
})

suite('unsupported values are refused, and the key is named', () => {
  class User {
    name = 'ann'
  }
  for (const [value, message] of [
    [{ act: () => 1 }, 'act is a function'],
    [{ a: { b: [0, Symbol('s')] } }, 'a.b[1] is a symbol'],
    [{ user: new User() }, 'user is a User'],
    [{ users: new Map([['ann', new User()]]) }, /^users\.get\(.*\) is a User/],
    [{ 'odd key': new WeakMap() }, '["odd key"] is a WeakMap'],
    [{ wait: Promise.resolve() }, 'wait is a Promise'],
    [{ error: new TypeError('x') }, 'error is a TypeError'],
    [() => 1, 'the value is a function'],
  ] as [unknown, string | RegExp][]) {
    test(String(message), () => {
      const expected =
        typeof message === 'string'
          ? `${message}, which a session cannot store; store plain data`
          : message
      assert.throws(() => json.serialize(value), { name: 'TypeError', message: expected })
    })
  }

  test('nesting is refused before the stack overflows', () => {
    let value: unknown = 1
    for (let i = 0; i < 100_000; i++) value = [value]
    assert.throws(() => json.serialize(value), { message: /nested deeper than 200 levels/ })
    let rich: unknown = new Date()
    for (let i = 0; i < 100_000; i++) rich = { rich }
    assert.throws(() => json.serialize(rich), { message: /nested deeper than 200 levels/ })
    let mixed: unknown = 1
    for (let i = 0; i < 100_000; i++) mixed = new Map([[1, [mixed]]])
    assert.throws(() => json.serialize(mixed), { message: /nested deeper than 200 levels/ })
  })
})

test('random rich values round-trip', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.webUrl().map(url => new URL(url)),
  )
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toJSON', 'then'))
  const { value } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map(entries => Object.fromEntries(entries)),
      fc
        .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
        .map(entries => new Map(entries)),
      fc.array(tie('value'), { maxLength: 3 }).map(items => new Set(items)),
    ),
  }))
  fc.assert(
    fc.property(value, original => {
      assert.deepEqual(roundTrip(original), original)
    }),
    { numRuns: 1000 },
  )
})
