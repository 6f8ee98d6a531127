import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionError } from '../../../src/errors.ts'
import { decode, encode, go } from '../../../src/go/gob/index.ts'

class Account {
  name = 'secret'
}

const cyclic: Record<string, unknown> = {}
cyclic.list = [{ cyclic }]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

const cases: [name: string, value: unknown, message: RegExp][] = [
  ['a function', { f: () => 1 }, /cannot write f: a function; /],
  ['a symbol', { s: Symbol('secret') }, /cannot write s: a symbol; /],
  [
    'an instance of a class',
    { user: { account: new Account() } },
    /user\.account: an instance of Account; /,
  ],
  ['a Set', { s: new Set(['secret']) }, /cannot write s: an instance of Set; store an array/],
  ['a RegExp', [/secret/], /cannot write \[0\]: an instance of RegExp/],
  ['a URL', { u: new URL('http://secret') }, /cannot write u: an instance of URL/],
  ['another typed array', { u: new Uint16Array(2) }, /an instance of Uint16Array/],
  [
    'an invalid Date',
    { user: { friends: [1, 2, 3, { birthday: new Date(NaN) }] } },
    /cannot write user\.friends\[3\]\.birthday: an invalid Date; /,
  ],
  [
    'a large bigint',
    { n: 2n ** 64n },
    /cannot write n: a bigint of more than 64 bits; use go\.bigInt/,
  ],
  ['a cycle', { a: cyclic }, /a\.list\[0\]\.cyclic: the value contains itself/],
  [
    'values that nest too deeply',
    { deep: nested(600) },
    /values nest deeper than 500; flatten the value, or raise/,
  ],
  ['undefined', undefined, /cannot write the value: Go has no top-level undefined/],
  ['null', null, /cannot write the value: Go has no top-level null/],
  ['a function in a Map', new Map([[5, () => 1]]), /cannot write \[5\]: a function/],
  [
    'a value under keys that are not identifiers',
    { 'a b': { '': Symbol.iterator } },
    /cannot write \["a b"\]\[""\]: a symbol/,
  ],
]

for (const [name, value, message] of cases) {
  test(`refuses ${name}, naming its path and the fix`, () => {
    assert.throws(
      () => encode(value),
      (error: unknown) => {
        assert.ok(error instanceof SessionError)
        assert.equal(error.code, 'gob-unsupported')
        assert.ok(error.isUsage)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  })
}

test('encodes the next value correctly after a refusal', () => {
  const expected = encode({ a: { b: [1] } })
  assert.throws(() => encode({ a: { b: [1, () => 1] } }))
  assert.deepEqual(encode({ a: { b: [1] } }), expected)
})

test('accepts an object that occurs twice without a cycle', () => {
  const shared = { a: 1 }
  assert.deepEqual(decode(encode({ x: shared, y: [shared, shared] })), {
    x: shared,
    y: [shared, shared],
  })
})

const unhashable: [name: string, key: unknown][] = [
  ['an array', ['a']],
  ['bytes', new Uint8Array(1)],
  ['an object', { a: 1 }],
  ['a Map', new Map()],
  ['a slice', go.typed('[]string', ['a'])],
  ['a named slice', go.typed('main.Tags', ['a'], '[]string')],
  ['an array of slices', go.typed('[1][]int', [[1]])],
  ['a struct with a slice', go.struct('main.P', { Tags: ['a'] })],
  ['a struct with a slice in an interface', go.struct('main.P', { Any: go.typed('any', ['a']) })],
]

for (const [name, key] of unhashable) {
  test(`refuses a map key that would make Go panic: ${name}`, () => {
    const error = { code: 'gob-unsupported', message: /Go panics on a map key of type/ }
    assert.throws(() => encode(new Map([[key, 1]])), error)
    const values = { inner: {} }
    go.keyed(values.inner).set(key, 1)
    assert.throws(() => encode(values), error)
  })
}

test('accepts any pointer as a map key', () => {
  const key = go.struct('*main.P', { Tags: ['a'] })
  assert.equal(
    (decode(encode(new Map([[key, 1]]))) as Map<unknown, unknown>) instanceof Object,
    true,
  )
})

test('refuses a string key that is both a property and under keyed', () => {
  const values = { a: 1 }
  go.keyed(values).set('a', 2)
  assert.throws(() => encode(values), { code: 'gob-unsupported' })
})

test('refuses a value that does not fit a typed container', () => {
  const typed = () =>
    decode(
      encode({
        numbers: go.typed('[]int', [1]),
        pair: go.typed('[2]string', ['a', 'b']),
        counts: go.typed('map[string]int', { a: 1 }),
        person: go.struct('main.Person', { Age: 1, Tags: go.typed('[]string', ['x']) }),
      }),
    ) as {
      numbers: unknown[]
      pair: unknown[]
      counts: Record<string, unknown>
      person: Record<string, unknown> & { Tags: unknown[] }
    }
  const changes: [(values: ReturnType<typeof typed>) => unknown, RegExp][] = [
    [values => values.numbers.push('x'), /numbers\[1\]: a string does not fit the Go type int/],
    [values => values.numbers.push(null), /numbers\[1\]: null does not fit/],
    [
      values => values.pair.pop(),
      /pair: an array of 1 elements does not fit the Go type \[2\]string/,
    ],
    [values => Object.assign(values.counts, { b: 1.5 }), /counts\.b: a number does not fit/],
    [values => Object.assign(values.person, { Height: 1 }), /person\.Height: .*without a field/],
    [
      values => values.person.Tags.push({}),
      /person\.Tags\[1\]: an object does not fit the Go type string/,
    ],
    [values => Object.assign(values.person, { Age: '1' }), /person\.Age: a string does not fit/],
  ]
  for (const [change, message] of changes) {
    const values = typed()
    change(values)
    assert.throws(() => encode(values), { code: 'gob-unsupported', message })
  }
})

test('refuses types that are not in the option registered', () => {
  const registered = ['time.Time', '*main.Point']
  const accepted = {
    all: [1, 'x', 1.5, true, null, 2n ** 60n, new Uint8Array(1)],
    strings: go.typed('[]string', ['a']),
    date: new Date(0),
    point: go.struct('*main.Point', { X: 1 }),
  }
  assert.deepEqual(encode(accepted, { registered }), encode(accepted))
  assert.deepEqual(encode(accepted, { registered: new Set(registered) }), encode(accepted))

  const refused: [value: unknown, message: RegExp][] = [
    [
      { user: { a: 1 } },
      /user: .*map\[string\]interface \{\}; call gob\.Register\(map\[string\]interface \{\}\{\}\)/,
    ],
    [[new Map()], /\[0\]: .*gob\.Register\(map\[interface \{\}\]interface \{\}\{\}\)/],
    [{ p: go.struct('main.Person', {}) }, /gob\.Register\(main\.Person\{\}\)/],
    [{ p: go.struct('*models.Person', {}) }, /gob\.Register\(&models\.Person\{\}\)/],
    [{ p: go.struct('acme.io/app/models.Person', {}) }, /gob\.Register\(models\.Person\{\}\)/],
    [{ p: go.typed('main.UserID', 1, 'int64') }, /gob\.Register\(main\.UserID\(0\)\)/],
    [{ p: go.typed('main.Role', 'x', 'string') }, /gob\.Register\(main\.Role\(""\)\)/],
    [{ p: [{ q: go.bigInt(1) }] }, /cannot write p\[0\]: /],
  ]
  for (const [value, message] of refused) {
    assert.throws(() => encode(value, { registered }), { code: 'gob-unsupported', message })
  }
})

test('truncates long keys in the message', () => {
  assert.throws(
    () => encode({ ['k'.repeat(10_000)]: { ['k k'.repeat(5000)]: Symbol.iterator } }),
    ({ message }: Error) => message.length < 500,
  )
})
