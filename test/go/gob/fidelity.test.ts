import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, GoOpaque, GoString, go, keyed } from '../../../src/go/gob/index.ts'
import { typed } from './tree.ts'

type Values = Record<string, unknown>

/** Encodes and decodes values, so that they have Go types as if Go had written them. */
function fromGo<T = Values>(values: unknown): T {
  return decode(encode(values)) as T
}

/** The Go types of the entries after a round trip. */
function typesAfter(values: object): Record<string, string | undefined> {
  const read = fromGo(values)
  return Object.fromEntries(Object.keys(read).map(name => [name, go.typeOf(read, name)]))
}

const session = {
  int8: go.int8(1),
  uint: go.uint(2),
  float32: go.float32(2.5),
  float64: go.float64(17),
  duration: go.typed('time.Duration', 5, 'int64'),
  role: go.typed('main.Role', 'admin', 'string'),
  raw: go.string(new Uint8Array([0x1f, 0x8b])),
  complex: go.complex64(1, 2),
  tags: go.typed('[]string', ['a']),
  counts: go.typed('map[string]int', { a: 1 }),
  list: [go.int8(1), go.float64(2), 'x', go.int64(4)],
  map: { a: go.int16(1), b: go.float64(1) },
  person: go.struct('main.Person', {
    Name: 'Ann',
    Age: go.int64(30),
    Any: go.typed('any', go.int8(1)),
  }),
  pointer: go.struct('*main.Point', { X: 1 }),
  url: go.opaque('*url.URL', new Uint8Array([1]), 'binary'),
  big: go.bigInt(5),
  time: go.time(new Date(1000), { nanoseconds: 123_456_789, offsetMinutes: 330 }),
  ip: go.typed('net.IP', new Uint8Array([127, 0, 0, 1]), '[]uint8'),
}

test('preserves unchanged values, even when other keys change', () => {
  const values = fromGo(session)
  const before = typed(fromGo(session)) as [string, [string, ...unknown[]][]]
  values.added = 'x'
  values.int8 = 'now text'
  const after = typed(fromGo(values)) as typeof before
  const untouched = ([name]: [string, ...unknown[]]) => name !== 'added' && name !== 'int8'
  assert.deepEqual(after[1].filter(untouched), before[1].filter(untouched))
  assert.equal(after[1].length, before[1].length + 1)
})

test('keeps the type of a changed value that fits it', () => {
  const values = fromGo(session)
  Object.assign(values, {
    int8: 127,
    uint: 3,
    float32: 7,
    float64: 3,
    duration: 2n ** 60n,
    role: 'user',
    raw: 'text now',
    tags: ['b', 'c'],
    counts: { z: 26 },
    big: 2n ** 100n,
    time: new Date(5000),
    ip: new Uint8Array([1, 1, 1, 1]),
  })
  assert.deepEqual(typesAfter(values), typesAfter(session))
})

test('gives a changed value its default type if the old type does not fit', () => {
  const values = fromGo(session)
  Object.assign(values, {
    int8: 128,
    uint: -1,
    float64: 'x',
    duration: 1.5,
    role: 5,
    tags: ['a', 1],
    counts: { a: 'x' },
    big: 'x',
    person: { Name: 'Ann', Unknown: 1 },
  })
  const types = typesAfter(values)
  assert.deepEqual(
    [types.int8, types.uint, types.float64, types.duration, types.role, types.big],
    ['int', 'int', 'string', 'float64', 'int', 'string'],
  )
  assert.equal(types.tags, '[]interface {}')
  assert.equal(types.counts, 'map[string]interface {}')
  assert.equal(types.person, 'map[string]interface {}')
})

test('keeps the type of a container that is changed in place', () => {
  const values = fromGo<{ tags: string[]; counts: Values; person: Values }>(session)
  values.tags.push('b')
  values.counts.z = 26
  values.person.Age = 31
  delete values.person.Name
  const read = fromGo<typeof values>(values)
  assert.deepEqual(read.tags, ['a', 'b'])
  assert.deepEqual(read.counts, { a: 1, z: 26 })
  assert.deepEqual(read.person, { Age: 31, Any: 1 })
  assert.deepEqual(typesAfter(values), typesAfter(session))
  assert.equal(go.typeOf(read.person, 'Any'), 'int8')
})

test('keeps the types of the entries that a copied container shares with the original', () => {
  const values = fromGo<{ list: unknown[]; map: Values; person: Values }>(session)
  values.list = [...values.list, 'y']
  values.map = { ...values.map, c: true }
  values.person = { ...values.person, Age: 1 }
  const read = fromGo<typeof values>(values)
  assert.equal(go.typeOf(read.person), 'main.Person')
  assert.equal(go.typeOf(read.person, 'Any'), 'int8')
  assert.deepEqual(
    read.list.map((_, i) => go.typeOf(read.list, i)),
    ['int8', 'float64', 'string', 'int64', 'string'],
  )
  assert.deepEqual(
    Object.keys(read.map).map(name => go.typeOf(read.map, name)),
    ['int16', 'float64', 'bool'],
  )
})

const changes: [name: string, change: (list: unknown[]) => unknown, types: string[]][] = [
  ['push', list => list.push(5), ['int8', 'float64', 'string', 'int64', 'int']],
  ['shift', list => list.shift(), ['float64', 'string', 'int64']],
  ['unshift', list => list.unshift(true), ['bool', 'int8', 'float64', 'string', 'int64']],
  ['pop', list => list.pop(), ['int8', 'float64', 'string']],
  ['splice', list => list.splice(1, 2, null), ['int8', 'nil', 'int64']],
  ['reverse', list => list.reverse(), ['int64', 'string', 'float64', 'int8']],
  ['rotate', list => list.push(list.shift()), ['float64', 'string', 'int64', 'int8']],
  ['set', list => list.splice(1, 1, 9), ['int8', 'float64', 'string', 'int64']],
  [
    'set a value of another type',
    list => list.splice(0, 1, 'x'),
    ['string', 'float64', 'string', 'int64'],
  ],
  ['clear', list => list.splice(0), []],
]

for (const [name, change, types] of changes) {
  test(`keeps the types of array elements: ${name}`, () => {
    const values = fromGo<{ list: unknown[] }>({ list: session.list })
    change(values.list)
    const { list } = fromGo<typeof values>(values)
    assert.deepEqual(
      list.map((elem, i) => (elem === null ? 'nil' : go.typeOf(list, i))),
      types,
    )
    assert.deepEqual(list, values.list)
  })
}

const mixed: [
  name: string,
  before: unknown[],
  change: (list: number[]) => unknown,
  types: string[],
][] = [
  [
    'all incremented, so that one equals the former other',
    [go.uint8(1), go.float32(2)],
    list => list.splice(0, 2, 2, 3),
    ['uint8', 'float32'],
  ],
  [
    'all incremented, and one added',
    [go.uint8(1), go.float32(2), go.int64(3)],
    list => list.splice(0, 3, 2, 3, 4, 1),
    ['uint8', 'float32', 'int64', 'uint8'],
  ],
  [
    'one incremented to its neighbour',
    [go.uint8(1), go.float32(2), 'x'],
    list => list.splice(0, 1, 2),
    ['uint8', 'float32', 'string'],
  ],
  [
    'one that does not fit the type at its index',
    [go.uint8(1), go.int64(300), go.int32(7)],
    list => list.splice(0, 3, 300, 1, 9),
    ['int64', 'int64', 'int32'],
  ],
  [
    'sorted',
    [go.uint8(3), go.float32(1), go.int64(2)],
    list => list.sort(),
    ['float32', 'int64', 'uint8'],
  ],
  [
    'filtered and sorted',
    [go.uint8(3), 'x', go.float32(1), go.int64(2)],
    list => list.splice(0, 4, 1, 2, 3),
    ['float32', 'int64', 'uint8'],
  ],
]

for (const [name, before, change, types] of mixed) {
  test(`keeps the types of elements in a list of several types: ${name}`, () => {
    const values = fromGo<{ list: number[] }>({ list: before })
    change(values.list)
    const { list } = fromGo<typeof values>(values)
    assert.deepEqual(list, values.list)
    assert.deepEqual(
      list.map((_, i) => go.typeOf(list, i)),
      types,
    )
  })
}

test('keeps the type of a container that moves to another key or session', () => {
  const { person, tags, list, time } = fromGo(session)
  const other = fromGo<Values>({ moved: 1, person, inside: [tags, list], more: { time } })
  assert.equal(go.typeOf(other, 'person'), 'main.Person')
  const inside = other.inside as unknown[][]
  assert.deepEqual(
    [0, 1].map(i => go.typeOf(inside, i)),
    ['[]string', '[]interface {}'],
  )
  assert.equal(go.typeOf(inside[1], 0), 'int8')
  assert.deepEqual(typed((other.more as Values).time), typed(time))
})

test('keeps the type of a value that moves out of a typed container', () => {
  const values = fromGo<Values & { lists: unknown[]; times: unknown[]; map: Values }>({
    lists: go.typed('[][]int8', [[1]]),
    times: go.typed('[]time.Time', [go.time(new Date(0), { offsetMinutes: 60 })]),
    map: go.typed('map[string]map[string]int', { a: { b: 1 } }),
  })
  const moved = fromGo({ list: values.lists[0], time: values.times[0], map: values.map.a })
  assert.deepEqual(typesAfter(moved), { list: '[]int8', time: 'time.Time', map: 'map[string]int' })
  assert.deepEqual(typed(moved.time), typed(values.times[0]))
})

test('requires a registered name for a struct that moves out of a typed container', () => {
  const inner = go.struct('main.Inner', { A: 1 })
  const values = fromGo<{ outer: { In: object } }>({
    outer: go.struct('main.Outer', { In: inner }),
  })
  const moved = values.outer.In
  assert.throws(() => encode({ moved }), { code: 'gob-unsupported', message: /moved.*go\.struct/ })
  const named = fromGo({ moved: go.struct('main.Inner', moved) })
  assert.equal(go.typeOf(named, 'moved'), 'main.Inner')
  assert.deepEqual(named, { moved: { A: 1 } })
})

test('writes a field that was left out with the type in its definition', () => {
  const values = fromGo<{ p: Values }>({
    p: go.struct('main.P', { A: go.int64(0), B: '', C: go.typed('[]string', []) }),
  })
  assert.deepEqual(values, { p: {} })
  Object.assign(values.p, { A: 2n ** 60n, B: 'b', C: ['c'] })
  assert.deepEqual(fromGo(values), { p: { A: 2n ** 60n, B: 'b', C: ['c'] } })
})

test('leaves out zero fields, except for zero arrays, structs and empty maps', () => {
  const p = go.struct('main.P', {
    int: 0,
    negativeZero: -0,
    bool: false,
    string: '',
    list: [],
    bytes: new Uint8Array(),
    complex: go.complex128(0, 0),
    array: go.typed('[2]int', [0, 0]),
    struct: go.struct('main.Q', { A: 0 }),
    map: go.typed('map[string]int', {}),
    last: 1,
  })
  assert.deepEqual(fromGo({ p }), { p: { array: [0, 0], struct: {}, map: {}, last: 1 } })
})

test('sends zeros outside of structs', () => {
  const values = { a: 0, b: false, c: '', d: [], e: {}, f: null, g: -0, h: [0, '', null, -0] }
  assert.deepEqual(fromGo(values), values)
})

test('keeps the nanoseconds of an unchanged time, and the zone of a changed one', () => {
  const values = fromGo<{ time: Date }>({ time: session.time })
  assert.equal(values.time.getTime(), 1123)
  const untouched = typed(values)
  assert.deepEqual(typed(fromGo(values)), untouched)
  const replaced = { ...session.time, time: new Date(9_999) }

  for (const change of [
    () => values.time.setTime(9_999),
    () => {
      values.time = replaced.time
    },
  ]) {
    change()
    const expected = go.time(new Date(9_999), { offsetMinutes: 330 })
    assert.deepEqual(typed(fromGo(values)), typed(fromGo({ time: expected })))
  }
})

test('keeps the zone of a time in a struct or slice', () => {
  const time = go.time(new Date(0), { offsetMinutes: -300 })
  const values = fromGo<{ p: { At: Date }; times: Date[] }>({
    p: go.struct('main.P', { At: time }),
    times: go.typed('[]time.Time', [time]),
  })
  values.p.At = new Date(60_000)
  values.times[0] = new Date(60_000)
  const expected = typed(decode(encode(go.time(new Date(60_000), { offsetMinutes: -300 }))))
  const read = fromGo<typeof values>(values)
  assert.deepEqual(typed(read.p.At), expected)
  assert.deepEqual(typed(read.times[0]), expected)
})

test('keeps keys that are not strings apart from string keys', () => {
  const values: Values & { [keyed]?: Map<unknown, unknown> } = { '42': 'text', plain: 1 }
  go.keyed(values).set(42, 'int').set(true, go.int8(1)).set(go.int64(42), 'int64')
  go.keyed(values)
    .set(null, 'nil')
    .set(1.5, 'float')
    .set(go.typed('main.Role', 'plain', 'string'), 2)
  const read = fromGo<typeof values>(values)
  assert.deepEqual(Object.entries(read), [
    ['42', 'text'],
    ['plain', 1],
  ])
  const entries = read[keyed]!
  assert.equal(entries.size, 6)
  assert.equal(entries.get(42), 'int')
  assert.equal(entries.get('plain'), 2)
  assert.equal(go.typeOf(entries, true), 'int8')
  const twin = [...entries.keys()].find(key => typeof key === 'object' && key !== null)
  assert.deepEqual(twin, go.int64(42))
  assert.deepEqual(typed(fromGo(read)), typed(read))
  entries.delete(42)
  entries.set(true, 5)
  const again = fromGo<typeof values>(read)[keyed]!
  assert.equal(again.size, 5)
  assert.equal(go.typeOf(again, true), 'int8')
})

test('round-trips keys of every hashable type', () => {
  const values = {}
  const keys = [
    go.float64(-0),
    NaN,
    go.string(new Uint8Array([255])),
    new Date(0),
    go.bigInt(7),
    go.typed('[2]string', ['a', 'b']),
    go.struct('main.Point', { X: 1 }),
    go.complex128(1, 2),
  ]
  for (const [i, key] of keys.entries()) go.keyed(values).set(key, i)
  const read = fromGo(values)
  assert.equal(go.keyed(read).size, keys.length)
  assert.deepEqual(encode(read), encode(values))
})

test('reads elements of named basic types as their underlying types', () => {
  const named = (type: string, value: unknown, underlying: string) =>
    fromGo({ list: go.typed(`[]${type}`, [value], `[]${underlying}`) })
  assert.deepEqual(named('main.C', go.complex128(1, 2), 'complex128'), {
    list: [go.complex128(1, 2)],
  })
  assert.deepEqual(named('main.S', go.string(new Uint8Array([255])), 'string'), {
    list: [go.string(new Uint8Array([255]))],
  })
  assert.deepEqual(named('main.I', 5, 'int8'), { list: [5] })
})

test('reads a map with typed keys as a Map', () => {
  const value = go.typed('map[int]string', new Map([[1, 'a']]))
  const values = fromGo<{ map: Map<number, string> }>({ map: value })
  assert.deepEqual(values.map, new Map([[1, 'a']]))
  values.map.set(2, 'b')
  assert.deepEqual(fromGo(values), values)
  assert.equal(go.typeOf(fromGo(values), 'map'), 'map[int]string')
})

test('treats names with a meaning in JavaScript as ordinary keys', () => {
  const names = ['__proto__', 'constructor', 'toJSON', 'then', 'hasOwnProperty', 'valueOf']
  const entries = new Map(names.map(name => [name, { [name]: 1 }] as const))
  const values = fromGo(entries)
  assert.deepEqual(Object.keys(values), names)
  assert.equal(Object.getPrototypeOf(values), Object.prototype)
  assert.equal(({} as Values).polluted, undefined)
  assert.deepEqual(Object.keys(fromGo(values)), names)
  assert.equal(Object.getOwnPropertyDescriptor(values, '__proto__')?.enumerable, true)
})

test('never calls toJSON', () => {
  const value = {
    toJSON: 'data',
    date: new Date(0),
  }
  assert.deepEqual(fromGo(value), value)
})

test('leaves out undefined properties, and writes undefined elements as nil', () => {
  assert.deepEqual(fromGo({ a: undefined, b: [undefined, 1], m: new Map([['k', undefined]]) }), {
    b: [null, 1],
    m: new Map(),
  })
})

test('reads a nested Map as a Map, with the types of its keys and values', () => {
  const map = new Map<unknown, unknown>([
    ['a', go.int8(1)],
    [1, 'int'],
    [go.int64(1), 'int64'],
    [true, new Map([[null, 2.5]])],
    [go.string(new Uint8Array([255])), [new Map()]],
  ])
  const values = fromGo<{ map: Map<unknown, unknown>; replaced: unknown }>({ map, replaced: map })
  assert.deepEqual([...values.map.keys()].slice(0, 4), ['a', 1, go.int64(1), true])
  assert.deepEqual(values.map.get(true), new Map([[null, 2.5]]))
  assert.equal(go.typeOf(values.map, 'a'), 'int8')
  assert.equal(go.typeOf(values, 'map'), 'map[interface {}]interface {}')
  assert.deepEqual(typed(fromGo(values)), typed(values))

  values.map.set('a', 2)
  values.map.set(2, 'new')
  values.map.delete(1)
  values.replaced = { a: 5 }
  const read = fromGo<typeof values>(values)
  assert.equal(go.typeOf(read.map, 'a'), 'int8')
  assert.deepEqual([...read.map.values()].slice(0, 2), [2, 'int64'])
  assert.equal(read.map.get(2), 'new')
  assert.deepEqual(read.replaced, new Map([['a', 5]]))
  assert.equal(go.keyed(read.map), read.map)
})

test('gives values their default types', () => {
  assert.deepEqual(
    typesAfter({
      string: 'x',
      int: 1,
      float: 1.5,
      large: 2 ** 53,
      zero: -0,
      bigint: 1n,
      uint: 2n ** 63n,
      bool: true,
      bytes: new Uint8Array(1),
      buffer: Buffer.from('x'),
      list: [],
      object: {},
      nothing: Object.create(null),
      map: new Map(),
      date: new Date(0),
    }),
    {
      string: 'string',
      int: 'int',
      float: 'float64',
      large: 'float64',
      zero: 'float64',
      bigint: 'int64',
      uint: 'uint64',
      bool: 'bool',
      bytes: '[]uint8',
      buffer: '[]uint8',
      list: '[]interface {}',
      object: 'map[string]interface {}',
      nothing: 'map[string]interface {}',
      map: 'map[interface {}]interface {}',
      date: 'time.Time',
    },
  )
  assert.equal(go.typeOf(fromGo({})), 'map[interface {}]interface {}')
})

test('reads values without a JavaScript type as Go values', () => {
  const { raw, url, complex } = fromGo(session)
  assert.ok(raw instanceof GoString)
  assert.deepEqual([...raw.bytes], [0x1f, 0x8b])
  assert.ok(url instanceof GoOpaque)
  assert.deepEqual([url.type, url.kind, [...url.bytes]], ['*url.URL', 'binary', [1]])
  assert.deepEqual(complex, go.complex64(1, 2))
})

test('does not share memory between decoded values and the stream', () => {
  const stream = Buffer.from(encode({ bytes: new Uint8Array([1, 2, 3]) }))
  const { bytes } = decode(stream) as { bytes: Uint8Array }
  stream.fill(0)
  assert.deepEqual(bytes, new Uint8Array([1, 2, 3]))
  assert.equal(bytes.constructor, Uint8Array)
})

test('allows a getter to call encode during encode', () => {
  const values = {
    a: 1,
    get inner() {
      return encode({ b: 2 })
    },
    c: 3,
  }
  const read = fromGo<{ inner: Uint8Array }>(values)
  assert.deepEqual(decode(read.inner), { b: 2 })
  assert.deepEqual({ ...read, inner: null }, { a: 1, inner: null, c: 3 })
})

test('go.typeOf returns undefined for values that were not read', () => {
  assert.equal(go.typeOf({}), undefined)
  assert.equal(go.typeOf({ a: 1 }, 'a'), undefined)
  assert.equal(go.typeOf(fromGo({ a: 1 }), 'b'), undefined)
  assert.equal(go.typeOf('x'), undefined)
  assert.equal(go.typeOf(go.int8(1)), 'int8')
})

test('defines a type once, even for values of several streams', () => {
  const session = fromGo({
    a: [1],
    b: { x: 1 },
    p: go.struct('main.P', { List: [1], Map: { y: 1 } }),
  })
  const other = fromGo({ c: [2], d: { z: 1 } })
  const mixed = encode({ ...session, ...other, e: [3], f: {} })
  const listDefinitions = Buffer.from(mixed)
    .toString('hex')
    .match(/020102ff8[0-9a-f]0001100000/g)
  const mapDefinitions = Buffer.from(mixed)
    .toString('hex')
    .match(/040102ff8[0-9a-f]00010c01100000/g)
  assert.deepEqual([listDefinitions?.length, mapDefinitions?.length], [1, 1])
})

test('writes a nested map as a session at the top level', () => {
  const { profile } = decode(encode({ profile: { big: 2n ** 60n, list: ['a'] } })) as {
    profile: object
  }
  assert.equal(go.typeOf(profile), 'map[string]interface {}')
  const alone = decode(encode(profile)) as object
  assert.deepEqual(alone, profile)
  assert.equal(go.typeOf(alone), 'map[interface {}]interface {}')
  assert.equal(go.typeOf(alone, 'big'), 'int64')
})
