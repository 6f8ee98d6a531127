import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { plainJson } from 'silverback/securecookie'
import { goEdges } from '../support/fixtures.ts'

const json = (value: unknown): string => Buffer.from(plainJson.serialize(value)).toString()
const parse = (text: string): unknown => plainJson.deserialize(Buffer.from(text))

suite("Go's JSON", () => {
  const values: Record<string, unknown> = {
    json_html: "<a href='x'>&\"\\/</a>",
    json_float32: 0.1,
    json_int_keys: { 9: 'b', 10: 'a' },
    json_struct: { A: 1 },
    json_badutf8: 'a\udc00b',
    json_float: [
      1, 1.5, 1e20, 1e21, 0.000001, 1e-7, 123456789.125, -0, 100, 5e-324, 1.7976931348623157e308,
    ],
    json_bytes: Uint8Array.of(1, 2, 255),
    json_nilslice: null,
  }
  for (const edge of goEdges.filter(({ case: name }) => name in values)) {
    test(edge.case, () => assert.equal(json(values[edge.case]), edge.payload))
  }

  for (const [name, expected] of Object.entries({
    jsondec_trailing_garbage: 'hi',
    jsondec_ws: 'hi',
    jsondec_null: null,
    jsondec_bignum: { a: 9007199254740992 },
  })) {
    test(name, () => {
      const edge = goEdges.find(each => each.case === name)
      assert.deepEqual(parse(edge?.payload as string), expected)
    })
  }

  test('refuses a byte order mark', () => {
    assert.throws(() => parse('\ufeff"x"'))
  })

  test('sorts keys by their UTF-8 bytes', () => {
    // U+1F600 is above U+FF5E in UTF-8 and below it in UTF-16.
    assert.equal(
      json({ '\u{1f600}': 1, '\uff5e': 2, b: 3, a: 4 }),
      '{"a":4,"b":3,"\uff5e":2,"\u{1f600}":1}\n',
    )
  })

  test('sorts any keys as Buffer.compare does', () => {
    const unit = fc.oneof(
      fc.constantFrom('a', 'b', '\xe9', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
      fc.constantFrom('\ud800', '\udfff'),
    )
    const key = fc.array(unit, { maxLength: 4 }).map(units => units.join(''))
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 6 }), keys => {
        const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        const written = [
          ...json(Object.fromEntries(keys.map(each => [each, null]))).matchAll(/"(.*?)":/g),
        ]
        const expected = sorted.map(each => each.toWellFormed())
        assert.deepEqual(
          written.map(([, each]) => (each as string).replaceAll('\\ufffd', '\ufffd')),
          expected,
        )
      }),
    )
  })

  test('writes the holes of sparse arrays as null', () => {
    const sparse = [1]
    sparse[2] = 3
    assert.equal(json({ sparse }), '{"sparse":[1,null,3]}\n')
  })

  test('writes dates as RFC 3339 without trailing zeros', () => {
    assert.equal(json(new Date(1_700_000_000_120)), '"2023-11-14T22:13:20.12Z"\n')
    assert.equal(json(new Date(1_700_000_000_000)), '"2023-11-14T22:13:20Z"\n')
  })

  test('reads an escaped lone surrogate as U+FFFD, but not one after an escaped backslash', () => {
    assert.equal(parse('"\\ud83d"'), '\ufffd')
    assert.equal(parse('"\\ud83d\\ude00"'), '\u{1f600}')
    assert.equal(parse('"\\\\ud83d"'), '\\ud83d')
  })

  test('ignores everything after the first value', () => {
    assert.deepEqual(parse('{"a":"}]"}{"b":'), { a: '}]' })
    assert.deepEqual(parse('[1,[2]] ]'), [1, [2]])
    assert.equal(parse('12 "x'), 12)
    for (const broken of ['', ' ', '{"a":', '{', '"abc', 'nul', '}', '[1,]']) {
      assert.throws(() => parse(broken), SyntaxError, broken)
    }
  })

  test('treats __proto__ and constructor as ordinary keys', () => {
    const value = parse('{"__proto__":{"polluted":true},"constructor":1,"toJSON":"x"}') as object
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'toJSON'])
    assert.equal(({} as { polluted?: boolean }).polluted, undefined)
    assert.equal(json(value), '{"__proto__":{"polluted":true},"constructor":1,"toJSON":"x"}\n')
  })

  test('refuses what Go refuses, and names the key', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    for (const [value, message] of [
      [{ user: { score: Number.NaN } }, /^user\.score is NaN/],
      [{ list: [1, Number.POSITIVE_INFINITY] }, /^list\[1\] is Infinity/],
      [{ act: () => 1 }, /^act is a function/],
      [{ 'odd key': Symbol('s') }, /^\["odd key"\] is a symbol/],
      [{ when: new Date(Number.NaN) }, /^when is an invalid Date/],
      [{ map: new Map() }, /^map is a Map/],
      [cycle, /^self contains itself/],
    ] as [unknown, RegExp][]) {
      assert.throws(() => json(value), { name: 'TypeError', message })
    }
  })

  test('ends a value where Go does', () => {
    for (const [text, value] of [
      ['1x', 1],
      ['01', 0],
      ['-1.5.', -1.5],
      ['1e5e', 100_000],
      ['truefalse', true],
      ['[1]]', [1]],
    ] as [string, unknown][]) {
      assert.deepEqual(parse(text), value, text)
    }
    for (const text of ['1.x', '1ex', '12e', 'tru', '[01]x']) assert.throws(() => parse(text), text)
  })

  test('refuses numbers beyond float64', () => {
    for (const text of ['1e400', '[-1e400]', '{"a":1e309}x']) {
      assert.throws(() => parse(text), { name: 'RangeError' }, text)
    }
    assert.equal(parse('1e-400'), 0)
  })

  test('refuses a million opening brackets in linear time', () => {
    // Quadratic time would be hours.
    const start = process.cpuUsage().user
    assert.throws(() => parse('['.repeat(1_000_000)))
    assert.throws(() => parse('"\\'.repeat(500_000)))
    assert.throws(() => parse(`[${'1'.repeat(1_000_000)}x`))
    assert.ok(process.cpuUsage().user - start < 30_000_000)
  })
})
