import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, encode, type GoValue, go, keyed } from '../../../src/go/gob/index.ts'
import { typed } from './tree.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '', '0', '42'),
)

const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.uint8Array({ maxLength: 40 }).map(bytes => new Uint8Array(bytes)),
  fc.date({ noInvalidDate: true }),
)

const { natural } = fc.letrec(tie => ({
  natural: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('natural'), { maxLength: 5 }),
    fc.dictionary(text, tie('natural'), { maxKeys: 5 }).map(plain),
  ),
}))

/** Copies the entries into an object with the usual prototype, where `__proto__` is an own property. */
function plain(entries: object): object {
  return Object.fromEntries(Object.entries(entries))
}

const session = fc.dictionary(text, natural, { maxKeys: 8 }).map(plain)

test('round-trips JavaScript values', () => {
  fc.assert(
    fc.property(session, values => {
      assert.deepEqual(decode(encode(values)), values)
    }),
    { numRuns: 500 },
  )
})

test('writes decoded values back with all their types', () => {
  fc.assert(
    fc.property(session, values => {
      const read = decode(encode(values))
      assert.deepEqual(typed(decode(encode(read))), typed(read))
    }),
    { numRuns: 300 },
  )
})

function integers(name: 'int8' | 'uint16' | 'int32' | 'int64' | 'uint64', bits: bigint) {
  const range = name.startsWith('u')
    ? { min: 0n, max: 2n ** bits - 1n }
    : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n }
  return fc.bigInt(range).map(value => go[name](value))
}

const typedScalar: fc.Arbitrary<GoValue> = fc.oneof(
  integers('int8', 8n),
  integers('uint16', 16n),
  integers('int32', 32n),
  integers('int64', 64n),
  integers('uint64', 64n),
  fc.float().map(value => go.float32(value)),
  fc.double().map(value => go.float64(value)),
  fc.tuple(fc.double(), fc.double()).map(([re, im]) => go.complex128(re, im)),
  fc.uint8Array().map(bytes => go.string(Uint8Array.of(0xff, ...bytes))),
  fc.bigInt().map(value => go.bigInt(value)),
  fc.integer().map(value => go.typed('main.UserID', value, 'int64')),
  fc.array(text).map(list => go.typed('[]string', list)),
  fc.array(fc.integer({ min: -128, max: 127 })).map(list => go.typed('[]int8', list)),
  fc.dictionary(text, fc.double()).map(map => go.typed('map[string]float64', plain(map))),
  fc
    .record({
      date: fc.date({ noInvalidDate: true }),
      nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
      offsetMinutes: fc.integer({ min: 0, max: 840 }),
    })
    .map(({ date, ...options }) => go.time(date, options)),
)

/** A name that depends on the fields, because a Go struct type has only one set of fields. */
function nameOf(fields: Record<string, GoValue>): string {
  const types = Object.entries(fields).map(([name, value]) => `${name}_${value.type}`)
  return `main.S${types.join('_').replaceAll(/\W+/g, '_')}`
}

const { goValue } = fc.letrec<{ goValue: GoValue }>(tie => ({
  goValue: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    typedScalar,
    fc
      .dictionary(fc.constantFrom('A', 'B', 'C', 'D'), tie('goValue'))
      .map(fields => go.struct(nameOf(fields), fields)),
    fc.array(tie('goValue'), { maxLength: 3 }).map(list => go.typed('[]interface {}', list)),
  ),
}))

test('round-trips Go values with their types', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), goValue), values => {
      const read = decode(encode(plain(values))) as object
      for (const [name, value] of Object.entries(values)) {
        assert.equal(go.typeOf(read, name), value.type)
      }
      assert.deepEqual(typed(decode(encode(read))), typed(read))
    }),
    { numRuns: 400 },
  )
})

test('keeps the types of all other entries when one changes', () => {
  const names = ['a', 'b', 'c', 'd']
  fc.assert(
    fc.property(
      fc.array(goValue, { minLength: 4, maxLength: 4 }),
      fc.nat(3),
      scalar,
      (values, changed, replacement) => {
        const before = decode(encode(Object.fromEntries(values.map((v, i) => [names[i], v]))))
        const types = typed(before) as [string, unknown[]]
        const session = before as Record<string, unknown>
        session[names[changed]!] = replacement
        const after = typed(decode(encode(session))) as typeof types
        for (let i = 0; i < 4; i++) if (i !== changed) assert.deepEqual(after[1][i], types[1][i])
      },
    ),
    { numRuns: 300 },
  )
})

const key = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.double().filter(value => !Number.isSafeInteger(value)),
  fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n }),
)

test('round-trips keys that are not strings', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, scalar), { minLength: 1, maxLength: 6 }), entries => {
      const map = new Map<unknown, unknown>(entries)
      const read = decode(encode(map)) as { [keyed]: Map<unknown, unknown> }
      assert.deepEqual(read[keyed], map)
    }),
    { numRuns: 300 },
  )
})

test('encodes strings of any code units like TextEncoder', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(0xffff), { maxLength: 60 }), units => {
      const value = String.fromCharCode(...units)
      assert.equal(decode(encode(value)), value.toWellFormed())
    }),
    { numRuns: 500 },
  )
})
