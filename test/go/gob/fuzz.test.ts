import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '../../../src/errors.ts'
import { decode, encode, go } from '../../../src/go/gob/index.ts'
import { goVectors } from '../../support/fixtures.ts'
import { fromHex } from './tree.ts'

const streams = [
  ...goVectors
    .filter(({ serializer, payload_hex }) => serializer === 'gob' && payload_hex !== undefined)
    .map(({ payload_hex }) => fromHex(payload_hex))
    .filter(({ length }) => length < 600),
  encode({ a: [1, { b: [new Date(0), 'x'] }], c: go.struct('main.P', { A: 1, B: ['x'] }) }),
  encode(
    new Map<unknown, unknown>([
      [1, { a: go.bigInt(5) }],
      [true, go.complex64(1, 2)],
    ]),
  ),
]

const interesting = [0, 1, 2, 3, 8, 0x10, 0x7f, 0x80, 0xf7, 0xf8, 0xfe, 0xff]

/** Returns a generator of pseudo-random numbers below `limit`, the same in every run. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

function mutated(stream: Uint8Array, random: (limit: number) => number): Uint8Array {
  const bytes = stream.slice()
  for (let i = random(3); i >= 0; i--) {
    const at = random(bytes.length)
    switch (random(4)) {
      case 0:
        bytes[at] = random(256)
        break
      case 1:
        bytes[at] = interesting[random(interesting.length)]!
        break
      case 2:
        bytes[at]! += random(2) === 0 ? 1 : -1
        break
      default:
        bytes.copyWithin(at, random(bytes.length), random(bytes.length))
    }
  }
  return random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
}

function fails(action: () => unknown, code: string): boolean {
  try {
    action()
    return false
  } catch (error) {
    assert.ok(error instanceof SessionError, String(error))
    assert.equal(error.code, code)
    return true
  }
}

test('decodes a mutated stream to a writable value or throws gob-invalid', () => {
  // Most of the time would be spent on the stack traces of so many errors.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const random = generator(1)
  let read = 0
  let unreadable = 0
  for (let i = 0; i < 120_000; i++) {
    const bytes = mutated(streams[i % streams.length]!, random)
    let value: unknown
    if (fails(() => (value = decode(bytes)), 'gob-invalid')) {
      unreadable++
      continue
    }
    read++
    // A map key that Go panics on can be read inside a struct, but encode refuses it.
    if (value !== null && !fails(() => encode(value), 'gob-unsupported')) decode(encode(value))
  }
  Error.stackTraceLimit = stackTraceLimit
  assert.ok(read > 10_000, `${read} read`)
  assert.ok(unreadable > 10_000, `${unreadable} unreadable`)
})

test('throws gob-invalid for random bytes', () => {
  const random = generator(2)
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random(60) }, () => random(256))
    fails(() => decode(bytes), 'gob-invalid')
  }
})
