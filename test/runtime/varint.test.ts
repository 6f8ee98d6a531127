import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  readVarint,
  varint,
  varintBetween,
  varintEnd,
  varintLength,
  writeVarint,
} from '../../src/runtime/bytes/varint.ts'

suite('varints', () => {
  for (const [value, bytes] of [
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [300, [0xac, 2]],
    [172_801, [0x81, 0xc6, 0x0a]],
    [Number.MAX_SAFE_INTEGER, [255, 255, 255, 255, 255, 255, 255, 15]],
  ] as [number, number[]][]) {
    test(String(value), () => {
      assert.deepEqual([...varint(value)], bytes)
      assert.equal(varintLength(value), bytes.length)
      assert.deepEqual(readVarint(Uint8Array.from(bytes), 0), [value, bytes.length])
    })
  }

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53]) {
    test(`refuses ${value}`, () => {
      assert.throws(() => varint(value), RangeError)
    })
  }

  test('round trips at any offset', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(10), (value, at) => {
        const target = new Uint8Array(at + 10).fill(255)
        const end = writeVarint(target, at, value)
        assert.equal(end, at + varintLength(value))
        assert.equal(varintEnd(target, at), end)
        assert.equal(varintBetween(target, at, end), value)
        assert.deepEqual(readVarint(target, at), [value, end])
        assert.ok(target.subarray(end).every(byte => byte === 255))
      }),
    )
  })

  test('bytes that end inside a varint have no value', () => {
    for (const bytes of [[], [0x80], [255, 255]]) {
      assert.equal(varintEnd(Uint8Array.from(bytes), 0), -1)
      assert.equal(readVarint(Uint8Array.from(bytes), 0), undefined)
    }
  })
})
