import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, go } from '../../../src/go/gob/index.ts'
import { fromHex, toHex } from './tree.ts'

/** The encoded bytes of a top-level value, without the length, type id and zero before it. */
function bytesOf(value: unknown): string {
  return toHex(encode(value)).slice(6)
}

const integers: [number | bigint, string][] = [
  [0, '00'],
  [-1, '01'],
  [1, '02'],
  [63, '7e'],
  [-64, '7f'],
  [64, 'ff80'],
  [-65, 'ff81'],
  [127, 'fffe'],
  [128, 'fe0100'],
  [2 ** 31 - 1, 'fcfffffffe'],
  [-(2 ** 31), 'fcffffffff'],
  [2 ** 46, 'fa800000000000'],
  [Number.MAX_SAFE_INTEGER, 'f93ffffffffffffe'],
  [Number.MIN_SAFE_INTEGER, 'f93ffffffffffffd'],
  [2n ** 63n - 1n, 'f8fffffffffffffffe'],
  [-(2n ** 63n), 'f8ffffffffffffffff'],
]

for (const [value, hex] of integers) {
  test(`encodes int ${value} as ${hex}`, () => {
    assert.equal(bytesOf(go.int(value)), hex)
    assert.equal(decode(encode(go.int(value))), value)
  })
}

const unsigned: [number | bigint, string][] = [
  [0, '00'],
  [127, '7f'],
  [128, 'ff80'],
  [255, 'ffff'],
  [256, 'fe0100'],
  [2 ** 32, 'fb0100000000'],
  [2 ** 48, 'f901000000000000'],
  [Number.MAX_SAFE_INTEGER, 'f91fffffffffffff'],
  [2n ** 53n, 'f920000000000000'],
  [2n ** 64n - 1n, 'f8ffffffffffffffff'],
]

for (const [value, hex] of unsigned) {
  test(`encodes uint ${value} as ${hex}`, () => {
    assert.equal(bytesOf(go.uint64(value)), hex)
    assert.equal(decode(encode(go.uint64(value))), value)
  })
}

const floats: [number, string][] = [
  [0, '00'],
  [-0, 'ff80'],
  [17, 'fe3140'],
  [1.5, 'fef83f'],
  [0.1, 'f89a9999999999b93f'],
  [Infinity, 'fef07f'],
  [-Infinity, 'fef0ff'],
  [NaN, 'f8010000000000f87f'],
  [5e-324, 'f80100000000000000'],
]

for (const [value, hex] of floats) {
  test(`encodes float ${Object.is(value, -0) ? '-0' : value} as ${hex}`, () => {
    assert.equal(bytesOf(go.float64(value)), hex)
    assert.ok(Object.is(decode(encode(go.float64(value))), value))
  })
}

test('encodes booleans, strings and bytes', () => {
  assert.equal(bytesOf(true), '01')
  assert.equal(bytesOf(false), '00')
  assert.equal(bytesOf('é'), '02c3a9')
  assert.equal(bytesOf(new Uint8Array([200, 1])), '02c801')
  assert.equal(bytesOf('\ufeff'), '03efbbbf')
  assert.equal(decode(encode('\ufeffa')), '\ufeffa')
})

test('encodes a complex number as two floats', () => {
  assert.equal(bytesOf(go.complex128(1, 0)), 'fef03f00')
})

test('encodes a lone surrogate as U+FFFD, like every UTF-8 encoder', () => {
  assert.equal(bytesOf('\ud800'), '03efbfbd')
  assert.equal(bytesOf('x\udc00y'), '0578efbfbd79')
})

test('round-trips strings with lengths around the limits of their encodings', () => {
  for (const length of [0, 1, 19, 20, 21, 24, 25, 127, 128, 255, 256, 65_535, 70_000]) {
    for (const char of ['a', 'é', '\u{1f600}']) {
      const text = char.repeat(length)
      assert.equal(decode(encode(text)), text)
      assert.deepEqual(decode(encode({ [text]: text })), { [text]: text })
    }
  }
})

test('encodes an array of bytes as numbers, unlike a byte slice', () => {
  const hex = toHex(encode(go.typed('[2]uint8', [200, 1])))
  assert.ok(hex.endsWith('02ffc801'))
})

test('reads non-minimal integers, but not more than 8 bytes', () => {
  assert.equal(decode(fromHex('050400fe0002')), 1)
  assert.equal(decode(fromHex('0b0400f80000000000000003')), -2)
  assert.equal(decode(fromHex('050600fe0001')), 1)
  assert.throws(() => decode(fromHex('0c0400f7000000000000000003')), { code: 'gob-invalid' })
})

test('reads any non-zero number as true', () => {
  assert.equal(decode(fromHex('0302007f')), true)
})

test('never rounds integers', () => {
  for (const value of [2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n]) {
    assert.equal(decode(encode(value)), value)
  }
  assert.equal(decode(encode(2n ** 53n - 1n)), 2 ** 53 - 1)
})
