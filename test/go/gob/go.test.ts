import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { decode, encode, GoOpaque, GoValue, go } from '../../../src/go/gob/index.ts'

const ranges: [name: keyof typeof go, least: number | bigint, most: number | bigint][] = [
  ['int8', -128, 127],
  ['int16', -32_768, 32_767],
  ['int32', -(2 ** 31), 2 ** 31 - 1],
  ['int64', -(2n ** 63n), 2n ** 63n - 1n],
  ['int', -(2n ** 63n), 2n ** 63n - 1n],
  ['uint8', 0, 255],
  ['uint16', 0, 65_535],
  ['uint32', 0, 2 ** 32 - 1],
  ['uint64', 0n, 2n ** 64n - 1n],
  ['uint', 0n, 2n ** 64n - 1n],
  ['uintptr', 0n, 2n ** 64n - 1n],
]

for (const [name, least, most] of ranges) {
  const make = go[name] as (value: number | bigint) => GoValue
  test(`go.${name} accepts exactly the range of its type`, () => {
    for (const value of [least, most]) {
      assert.equal(
        decode(encode(make(value))),
        Number.isSafeInteger(Number(value)) ? Number(value) : value,
      )
      const read = decode(encode({ value: make(value) }))
      assert.equal(go.typeOf(read, 'value'), name)
    }
    assert.throws(() => make(BigInt(least) - 1n), RangeError)
    assert.throws(() => make(BigInt(most) + 1n), RangeError)
    assert.throws(() => make(1.5), RangeError)
    assert.throws(() => make(NaN), RangeError)
    assert.throws(() => make(2 ** 53), RangeError)
    assert.throws(() => make('1' as never), TypeError)
  })
}

test('checks the range of floats', () => {
  const large = 3.5e38
  assert.throws(() => go.float32(large), RangeError)
  assert.throws(() => go.complex64(0, large), RangeError)
  assert.equal(go.float32(0.1).value, Math.fround(0.1))
  assert.equal(go.float64(large).value, large)
  assert.equal(go.float32(-Infinity).value, -Infinity)
  assert.throws(() => go.float64(1n as never), TypeError)
})

test('makes strings, bytes, booleans and big integers, and refuses wrong arguments', () => {
  assert.equal(decode(encode(go.string('x'))), 'x')
  assert.equal(decode(encode(go.string(new Uint8Array([104, 105])))), 'hi')
  assert.equal(decode(encode(go.bool(true))), true)
  assert.deepEqual(decode(encode({ n: go.bigInt(-(10n ** 40n)) })), { n: -(10n ** 40n) })
  for (const wrong of [
    () => go.string(1 as never),
    () => go.bool('true' as never),
    () => go.bytes('x' as never),
    () => go.bigInt(1.5),
    () => go.time(new Date(NaN)),
    () => go.struct('', {}),
    () => go.struct('main.P', [] as never),
    () => go.opaque('x', 'y' as never),
    () => go.opaque('x', new Uint8Array(), 'json' as never),
  ]) {
    assert.throws(wrong, error => error instanceof TypeError || error instanceof RangeError)
  }
})

test('copies bytes', () => {
  const bytes = new Uint8Array([1, 2])
  const value = go.bytes(bytes)
  bytes[0] = 9
  assert.deepEqual(value.value, new Uint8Array([1, 2]))
})

test('go.time checks its options', () => {
  const date = new Date(0)
  assert.throws(() => go.time(date, { nanoseconds: 1e9 }), RangeError)
  assert.throws(() => go.time(date, { nanoseconds: 0.5 }), RangeError)
  assert.throws(() => go.time(date, { offsetMinutes: -1 }), RangeError)
  assert.throws(() => go.time(date, { offsetMinutes: 32_768 }), RangeError)
  assert.throws(() => go.time(date, { offsetMinutes: '60' as never }), TypeError)
  assert.deepEqual(decode(encode(go.time(new Date(-1)))), new Date(-1))
})

test('go.typed parses Go type expressions', () => {
  const cases: [type: string, value: unknown][] = [
    ['[]string', ['a']],
    ['[]byte', new Uint8Array([1])],
    ['[]interface {}', [1, 'x']],
    [
      '[2][2]int8',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['map[string][]float64', { a: [1.5] }],
    ['map[string]interface{}', { a: 1 }],
    [
      'map[interface {}]interface {}',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
    ],
    ['map[[2]int]bool', new Map([[[1, 2], true]])],
    ['[]time.Time', [new Date(0)]],
    ['[]*big.Int', [5n]],
    ['map[string]*int', { a: 1 }],
    ['rune', 65],
    ['any', 'x'],
  ]
  for (const [type, value] of cases) {
    assert.deepEqual(decode(encode({ value: go.typed(type, value) })), { value })
  }
})

test('go.typed refuses invalid types, and values that do not fit', () => {
  const wrong: [type: string, value: unknown, underlying?: string][] = [
    ['[]', []],
    ['map[string', {}],
    ['[]string]', []],
    ['[-1]int', []],
    ['main.Person', {}],
    ['[]main.Person', []],
    ['[]string', [1]],
    ['[2]int', [1]],
    ['map[string]int', { a: 1.5 }],
    ['map[int]int', { a: 1 }],
    ['main.ID', 'x', 'int64'],
    [`${'[]'.repeat(200)}int`, []],
  ]
  for (const [type, value, underlying] of wrong) {
    assert.throws(() => go.typed(type, value, underlying), TypeError, type)
  }
  assert.throws(() => go.typed('main.ID', 300, 'int8'), RangeError)
})

test('gives the structs of a slice the fields of all of them', () => {
  const people = [{ Name: 'Ann' }, { Age: 3 }, {}]
  const value = go.typed(
    '[]main.Person',
    people.map(person => go.struct('main.Person', person)),
  )
  const read = decode(encode({ people: value })) as { people: object[] }
  assert.deepEqual(read, { people })
  Object.assign(read.people[2]!, { Name: 'Bob', Age: 4 })
  assert.deepEqual(decode(encode(read)), read)
})

test('makes an empty slice of structs with an underlying struct type', () => {
  const value = go.typed('[]main.Person', [], '[]struct {}')
  const read = decode(encode({ value }))
  assert.deepEqual(read, { value: [] })
  assert.equal(go.typeOf(read, 'value'), '[]main.Person')
})

test('makes immutable Go values', () => {
  const values = [
    go.int(1),
    go.string(new Uint8Array([255])),
    go.complex64(1, 2),
    go.opaque('main.X', new Uint8Array()),
    go.struct('main.P', {}),
  ]
  for (const value of values) assert.ok(Object.isFrozen(value))
})

test('prints Go values in the console like Go', () => {
  assert.equal(inspect(go.int64(5)), 'int64(5)')
  assert.equal(inspect([go.complex128(1, -2)]), '[ complex128(1-2i) ]')
  assert.equal(inspect(go.typed('[]string', ['a'])), "[]string([ 'a' ])")
  assert.match(inspect(go.struct('main.P', { A: 1 })), /^main\.P\(\{ A: 1 \}\)$/)
})

test('nests Go values', () => {
  const value = go.struct('main.P', {
    Any: go.typed('interface {}', go.int8(1)),
    List: [go.int16(2), go.struct('main.Q', { A: 1 })],
  })
  const read = decode(encode({ value })) as { value: { Any: number; List: unknown[] } }
  assert.equal(go.typeOf(read.value, 'Any'), 'int8')
  assert.deepEqual(
    [0, 1].map(i => go.typeOf(read.value.List, i)),
    ['int16', 'main.Q'],
  )
})

test('go.keyed creates the Map if there is none', () => {
  const object = {}
  const map = go.keyed(object)
  assert.equal(go.keyed(object), map)
  assert.deepEqual(Object.keys(object), [])
  assert.equal({ ...object }[Object.getOwnPropertySymbols(object)[0] as never], map)
})

test('returns instances of GoValue and its subclasses', () => {
  assert.ok(go.time(new Date(0)) instanceof GoOpaque)
  assert.ok(go.int(1) instanceof GoValue)
  assert.equal(go.nil, null)
  assert.equal(go.struct('*main.P', {}).type, '*main.P')
})
