import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '../../../src/errors.ts'
import { decode, encode, go } from '../../../src/go/gob/index.ts'
import { gobFor } from '../../../src/go/gob-serializer.ts'
import { fromHex, toHex } from './tree.ts'

/** Encodes a message: its length and its bytes. */
function message(hex: string): string {
  return uint(hex.length / 2) + hex
}

function uint(value: number | bigint): string {
  return toHex(encode(go.uint64(value))).slice(6)
}

const int = (value: number): string => toHex(encode(go.int(value))).slice(6)

const define = (id: number, body: string): string => message(int(-id) + body)

const slice = (id: number, elem: number): string => define(id, `0202${int(elem)}0000`)
const struct = (id: number, ...fields: number[]): string =>
  define(
    id,
    `0302${uint(fields.length)}${fields.map(field => `010141 01${int(field)}00`.replace(' ', '')).join('')}0000`,
  )
const array = (id: number, elem: number, length: number): string =>
  define(id, `0102${int(elem)}01${int(length)}0000`)
const map = (id: number, key: number, elem: number): string =>
  define(id, `0402${int(key)}01${int(elem)}0000`)

const value = (id: number, hex: string): string => message(int(id) + hex)

const huge = uint(2n ** 60n)

const streams: Record<string, string> = {
  'an empty stream': '',
  'a single byte': '00',
  'a length without a message': '05',
  'a zero-length message': '0000',
  'a string of 2^60 bytes': value(6, `00${huge}`),
  'a byte slice beyond the message': value(5, '000561'),
  'a message of 2^60 bytes': huge,
  'a slice of 2^60': slice(65, 2) + value(65, `00${huge}00`),
  'a map of 2^60': map(65, 2, 2) + value(65, `00${huge}00`),
  'an array of 2^60':
    define(65, `010204 01${int(2 ** 50)}0000`.replace(' ', '')) + value(65, `00${huge}`),
  'an array of the wrong length': array(65, 2, 3) + value(65, '00020202'),
  'a slice of empty structs without end':
    struct(65) + slice(66, 65) + value(66, `00${uint(2 ** 20)}00`),
  'a type-name length of 2^60': slice(65, 8) + value(65, `0001${huge}`),
  'an unknown type': value(99, '0000'),
  'an unknown element type': slice(65, 99) + value(65, '0000'),
  'a reserved type id': value(16, '00'),
  'a repeated definition': slice(65, 2) + slice(65, 2),
  'a definition with the id of a basic type': slice(6, 2),
  'a definition of two kinds': define(65, '0202040000' + '01020400' + '00'),
  'a definition of no kind': define(65, '00'),
  'a definition with an unknown field': define(65, '0900'),
  'a negative array length': array(65, 2, -1) + value(65, '0000'),
  'a truncated definition': '05ff810202',
  'data after a definition': message(`${int(-65)}020204000000`),
  'a value without the zero before it': value(6, '010161'),
  'an unknown field': struct(65, 2) + value(65, '050400'),
  'a field delta of 2^60': struct(65, 2) + value(65, `${huge}0400`),
  'a name of invalid UTF-8': slice(65, 8) + value(65, '000102fffe040200'),
  'a name that is too long':
    slice(65, 8) + value(65, `0001${uint(2000)}${'61'.repeat(2000)}04020002`),
  'an integer of 9 bytes': value(2, `00f7${'00'.repeat(9)}`),
  'an int8 out of range': slice(65, 8) + value(65, `000104${'696e7438'}040400fe0190`),
  'a float32 out of range': slice(65, 8) + value(65, `000107${'666c6f61743332'}080500fef07e`),
  'an int that is encoded as a string': slice(65, 8) + value(65, '000103696e740c03000161'),
  'a slice that is defined as a map':
    map(65, 8, 8) + slice(66, 8) + value(66, '0001085b5d737472696e67ff82020000'),
  'an interface in an interface': slice(65, 8) + value(65, '00010178100200' + '00'),
  'a byte slice as a key': map(65, 8, 8) + value(65, '0001075b5d75696e74380a030001610000'),
}

for (const [name, hex] of Object.entries(streams)) {
  test(`refuses ${name}`, () => {
    assert.throws(() => decode(fromHex(hex)), { name: 'SessionError', code: 'gob-invalid' })
  })
}

test('stops a slice of itself at the depth limit', () => {
  const bytes = fromHex(slice(65, 65) + value(65, `00${'01'.repeat(10_000)}00`))
  assert.throws(() => decode(bytes), { code: 'gob-invalid', message: /too deep/ })
  assert.deepEqual(decode(fromHex(slice(65, 65) + value(65, '00020100' + '00'))), [[[]], []])
})

test('stops a struct that contains itself by value at the depth limit', () => {
  const bytes = fromHex(struct(65, 65) + value(65, '01'.repeat(10_000)))
  assert.throws(() => decode(bytes), { code: 'gob-invalid', message: /too deep/ })
})

test('refuses an array of itself and a map of itself', () => {
  for (const hex of [array(65, 65, 1), map(65, 6, 65), map(65, 65, 65)]) {
    const bytes = fromHex(hex + value(65, `00${'0100'.repeat(10_000)}`))
    assert.throws(() => decode(bytes), { code: 'gob-invalid' })
  }
})

test('refuses interfaces nested 10,000 levels deep', () => {
  const list = `0e${toHex(new TextEncoder().encode('[]interface {}'))}`
  let body = '00'
  for (let i = 0; i < 10_000; i++) body = `01${list}ff820000${body}`
  const bytes = fromHex(slice(65, 8) + value(65, `00${body}`))
  assert.throws(() => decode(bytes), { code: 'gob-invalid', message: /too deep/ })
})

test('round-trips a chain of 900 types', () => {
  let chain = ''
  for (let i = 0; i < 900; i++) chain += slice(65 + i, i === 899 ? 2 : 66 + i)
  const list = decode(fromHex(chain + value(65, '0000')))
  assert.deepEqual(list, [])
  assert.deepEqual(decode(encode(list)), [])
  assert.equal(typeof go.typeOf(list), 'string')
})

test('limits the length of the text of a type', () => {
  let chain = ''
  for (let i = 0; i < 60; i++) chain += map(65 + i, 66 + i, 66 + i)
  const found = decode(fromHex(chain + map(125, 6, 6) + value(65, '0000')))
  assert.ok(go.typeOf(found)!.length < 10_000)
})

test('accepts other limits', () => {
  const nested = encode([[[[1]]]])
  assert.deepEqual(decode(nested, { depth: 4 }), [[[[1]]]])
  assert.throws(() => decode(nested, { depth: 3 }), { code: 'gob-invalid' })
  assert.throws(() => decode(nested, { definitions: 0 }), RangeError)
  assert.throws(() => decode(fromHex(slice(65, 2) + slice(66, 2)), { definitions: 1 }), {
    code: 'gob-invalid',
    message: /too many type definitions/,
  })
  assert.equal(decode(encode('abc'), { stringBytes: 3 }), 'abc')
  assert.throws(() => decode(encode('abcd'), { stringBytes: 3 }), { code: 'gob-invalid' })
  assert.throws(() => decode(nested, { depth: 100_000 }), RangeError)
  assert.throws(() => decode(nested, { depth: '5' as never }), TypeError)
  assert.throws(() => decode('text' as never), TypeError)
})

test('never overflows the stack, whatever the limit', () => {
  const depth = 10_000
  const bytes = fromHex(slice(65, 65) + value(65, `00${'01'.repeat(depth - 1)}00`))
  assert.throws(() => decode(bytes, { depth }), { code: 'gob-invalid', message: /too deep/ })
  let deep: unknown[] = []
  for (let i = 1; i < depth; i++) deep = [deep]
  assert.throws(() => encode(deep, { depth }), {
    code: 'gob-unsupported',
    message: /nest too deeply for the stack/,
  })
  assert.throws(() => encode(deep), { code: 'gob-unsupported', message: /deeper than 500/ })
})

test('gobFor takes limits for both directions', () => {
  const strict = gobFor(undefined, { depth: 3 })
  assert.deepEqual(strict.deserialize(strict.serialize([[[1]]])), [[[1]]])
  assert.throws(() => strict.serialize([[[[1]]]]), { code: 'gob-unsupported' })
  assert.throws(() => strict.deserialize(encode([[[[1]]]])), { code: 'gob-invalid' })
  assert.throws(() => gobFor([], { depth: 0 }), RangeError)
})

const mebibyte = 2 ** 20

/** Streams of about 1 MiB, most of which announce much more than they contain. */
const large: Record<string, () => Uint8Array> = {
  'bytes of 0xff': () => new Uint8Array(mebibyte).fill(0xff),
  'bytes of 0': () => new Uint8Array(mebibyte),
  'bytes of 1': () => new Uint8Array(mebibyte).fill(1),
  'a million empty structs': () =>
    fromHex(struct(65) + slice(66, 65) + value(66, `00${uint(mebibyte)}${'00'.repeat(mebibyte)}`)),
  'a million empty arrays': () =>
    fromHex(
      array(65, 2, 0) + slice(66, 65) + value(66, `00${uint(mebibyte)}${'00'.repeat(mebibyte)}`),
    ),
  'a million nils': () =>
    fromHex(slice(65, 8) + value(65, `00${uint(mebibyte)}${'00'.repeat(mebibyte)}`)),
  'half a million equal keys': () =>
    fromHex(map(65, 6, 2) + value(65, `00${uint(mebibyte / 2)}${'0000'.repeat(mebibyte / 2)}`)),
  'half a million equal interface keys': () =>
    fromHex(map(65, 8, 8) + value(65, `00${uint(mebibyte / 2)}${'0000'.repeat(mebibyte / 2)}`)),
  'a struct of a hundred thousand fields': () =>
    fromHex(struct(65, ...new Array<number>(100_000).fill(2)) + value(65, '00')),
  'thirty thousand wide structs': () => {
    const fields = new Array<number>(30_000).fill(2)
    const values = `${uint(29_999)}0200`.repeat(30_000)
    return fromHex(struct(65, ...fields) + slice(66, 65) + value(66, `00${uint(30_000)}${values}`))
  },
  'definitions without end': () =>
    fromHex(
      new Array(mebibyte / 16)
        .fill(0)
        .map((_, i) => slice(65 + i, 2))
        .join(''),
    ),
  'a long string': () => encode('x'.repeat(mebibyte)),
  'a long big integer': () => encode({ n: go.bigInt(-(2n ** 8_000_000n)) }),
}

for (const [name, make] of Object.entries(large)) {
  test(`needs little time and memory: ${name}`, () => {
    const bytes = make()
    const before = process.memoryUsage.rss()
    const start = process.cpuUsage()
    try {
      encode(decode(bytes))
    } catch (error) {
      assert.ok(error instanceof SessionError, String(error))
    }
    const { user } = process.cpuUsage(start)
    // Quadratic time would be minutes.
    assert.ok(user < 30_000_000, `${user} µs`)
    assert.ok(process.memoryUsage.rss() - before < 600 * mebibyte)
  })
}

test('takes linear time', () => {
  const count = 64_000
  const entries = '03696e7404020000 03696e7404020000'.replace(' ', '').repeat(count)
  const bytes = fromHex(map(65, 8, 8) + value(65, `00${uint(count)}${entries}`))
  const start = process.cpuUsage()
  const times = 20
  for (let i = 0; i < times; i++) decode(bytes)
  // Quadratic time would be minutes.
  assert.ok(process.cpuUsage(start).user < 30_000_000)
})

test('never modifies a prototype', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString']
  for (const name of names) {
    const inner = new Map([[name, new Map([['polluted', 1]])]])
    decode(encode(inner))
    decode(encode({ value: go.struct('main.P', Object.fromEntries([[name, 1]])) }))
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  assert.equal(Object.prototype.toString.call([]), '[object Array]')
})

test('does not show data of the stream in the message', () => {
  const secret = toHex(new TextEncoder().encode('secret'))
  for (const rest of ['ff99020000', '100200', '0c030001ff']) {
    const hex = slice(65, 8) + value(65, `000206${secret}${rest}`)
    assert.throws(
      () => decode(fromHex(hex)),
      (error: Error) => error instanceof SessionError && !error.message.includes('secret'),
    )
  }
})
