import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decode, encode, go } from 'silverback/gob'
import { needs } from '../support/services/programs.ts'
import { integers } from './go-types.ts'
import { usePeer } from './peer.ts'
import {
  assertSession,
  bitsOf,
  leaf,
  nil,
  type Pair,
  type Style,
  session,
  sessionType,
  type Tree,
  text,
  toSession,
} from './tree.ts'

const float = (type: string, n: number): Tree => ({ go: type, v: String(n), bits: bitsOf(n) })
const complex = (type: string, re: number, im: number): Tree => {
  return { go: type, re: bitsOf(re), im: bitsOf(im) }
}
const bytes = (hex: string): Tree => ({ go: '[]uint8', hex })
const list = (type: string, ...items: Tree[]): Tree => ({ go: type, v: items })
const map = (type: string, ...pairs: Pair[]): Tree => ({ go: type, v: pairs })
const struct = (type: string, fields: Record<string, Tree>): Tree => ({ go: type, v: fields })
const pointer = (to: Tree): Tree => ({ go: `*${to.go}`, v: to })
const time = (unix: number | string, nsec: number, offset_sec: number | 'UTC'): Tree => {
  const zone =
    offset_sec === 'UTC' ? { offset_sec: 0, is_utc: true } : { offset_sec, is_utc: false }
  return { go: 'time.Time', unix: String(unix), nsec, ...zone }
}

const person = (fields: Record<string, Tree>): Tree => struct('main.Person', fields)
const node = (value: number, fields: Record<string, Tree> = {}): Tree =>
  struct('main.Node', { Value: leaf('int', value), ...fields })

const cases: Record<string, Tree[]> = {
  nil: [nil],
  bool: [leaf('bool', true), leaf('bool', false)],
  string: ['', 'text', 'Ånn 日本 👩‍👩‍👧', 'a\0b', '\ufeff', '"\\\n', 'x'.repeat(70_000)].map(text),
  'string that is not UTF-8': ['ff', 'fffe80', 'e697', 'eda080', '1f8b0800'].map(hex => {
    return { go: 'string', hex }
  }),
  bytes: ['', '00', '00ff80', 'ab'.repeat(300)].map(bytes),
  ...Object.fromEntries(
    Object.entries(integers).map(([type, [least, most]]) => {
      const values = [0n, 1n, -1n, 63n, -64n, 64n, -65n, 127n, 128n, 255n, 256n, least, least + 1n]
      const all = [...values, most, most - 1n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]
      return [type, all.filter(n => n >= least && n <= most).map(n => leaf(type, n))]
    }),
  ),
  float64: [
    0,
    -0,
    1,
    -1.5,
    0.1,
    17,
    2 ** 53,
    1e21,
    5e-324,
    1.7976931348623157e308,
    Infinity,
    -Infinity,
    Number.NaN,
  ].map(n => float('float64', n)),
  float32: [
    0,
    -0,
    1.5,
    Math.fround(0.1),
    3.4028234663852886e38,
    1.401298464324817e-45,
    -Infinity,
    Number.NaN,
  ].map(n => float('float32', n)),
  complex: [
    complex('complex64', 1.5, -2),
    complex('complex128', 0.1, -0),
    complex('complex128', Number.NaN, Infinity),
  ],
  'named basic types': [
    leaf('main.UserID', -(2n ** 63n)),
    leaf('main.Role', 'admin'),
    leaf('main.Level', 255),
    float('main.Ratio', 0.5),
    leaf('main.Flag', true),
    leaf('time.Duration', 3_600_000_000_000),
    { go: 'net.IP', hex: '7f000001' },
  ],
  'time.Time': [
    time(0, 0, 'UTC'),
    time(1_700_000_000, 123_000_000, 'UTC'),
    time(1_700_000_000, 123_456_789, 'UTC'),
    time(1_700_000_000, 999_999_999, 0),
    time(1_700_000_000, 0, 19_800),
    time(-1, 1, -12_600),
    time('-62135596800', 0, 'UTC'),
    time(253_402_300_799, 0, 'UTC'),
    time(8_640_000_000_000, 0, 'UTC'),
    time(-8_640_000_000_000, 0, -60 * 32_768),
  ],
  '*big.Int': [0n, 1n, -1n, 255n, 2n ** 64n, -(2n ** 64n), 10n ** 60n].map(n =>
    leaf('*big.Int', n),
  ),
  '*url.URL': [
    leaf('*url.URL', 'https://ann@example.com:8080/a%20b?q=1#part'),
    leaf('*url.URL', ''),
  ],
  'types that encode themselves': [{ go: 'main.UUID', hex: '00112233445566778899aabbccddeeff' }],
  'typed slices': [
    list('[]string', text('a'), text(''), { go: 'string', hex: 'ff' }),
    list('[]string'),
    list('[]int', leaf('int', -1), leaf('int', 2n ** 62n)),
    list('[]uint64', leaf('uint64', 2n ** 64n - 1n)),
    list('[]bool', leaf('bool', true), leaf('bool', false)),
    list('[]float64', float('float64', -0), float('float64', 1)),
    list('[]complex128', complex('complex128', 1, 2)),
    list('[][]int', list('[]int', leaf('int', 1)), list('[]int')),
    list('[][]uint8', bytes('00'), bytes('')),
    list('[]time.Time', time(1, 2, 60), time('-62135596800', 0, 'UTC')),
  ],
  arrays: [
    list('[2]int', leaf('int', 0), leaf('int', -5)),
    list('[2]string', text(''), text('b')),
    list('[4]uint8', ...[0, 1, 127, 255].map(n => leaf('uint8', n))),
    list('[2]interface {}', nil, leaf('int8', 5)),
    list('[2][2]int', ...[1, 3].map(n => list('[2]int', leaf('int', n), leaf('int', n + 1)))),
  ],
  '[]interface {}': [
    list('[]interface {}'),
    list(
      '[]interface {}',
      nil,
      text('a'),
      leaf('int', 1),
      leaf('int8', 1),
      float('float64', 1),
      list('[]interface {}', nil),
    ),
  ],
  'nested maps': [
    map('map[string]interface {}'),
    map(
      'map[string]interface {}',
      [text(''), nil],
      [text('__proto__'), leaf('uint8', 1)],
      [
        text('deep'),
        map('map[string]interface {}', [
          text('deeper'),
          list('[]interface {}', map('map[string]interface {}', [text('n'), leaf('int64', 7)])),
        ]),
      ],
      [{ go: 'string', hex: 'ff' }, text('a key that is not UTF-8')],
    ),
    map(
      sessionType,
      [leaf('int', 1), text('a')],
      [nil, nil],
      [float('float64', 0.5), leaf('int16', 2)],
    ),
  ],
  'typed maps': [
    map('map[string]string', [text('a'), text('b')], [text('constructor'), text('')]),
    map('map[string]int', [text('a'), leaf('int', 1)]),
    map('map[string]float64', [text('a'), float('float64', 2)]),
    map('map[string]bool', [text('a'), leaf('bool', false)]),
    map('map[int]string', [leaf('int', -1), text('a')], [leaf('int', 2n ** 62n), text('b')]),
    map('map[string][]string', [text('a'), list('[]string', text('b'))]),
    map('net/url.Values', [text('q'), list('[]string', text('1'), text('2'))]),
  ],
  'structs by value': [
    struct('main.Empty', {}),
    person({
      Name: text('Ann'),
      Age: leaf('int', 41),
      Email: pointer(text('a@example.com')),
      Tags: list('[]string', text('x')),
    }),
    person({}),
    person({
      Name: text(''),
      Age: leaf('int', 0),
      Email: { go: '*string', v: null },
      Tags: list('[]string'),
    }),
    struct('main.Account', {
      Person: person({ Name: text('Ann') }),
      Point: pointer(struct('main.Point', { X: leaf('int', 1) })),
      ID: leaf('main.UserID', 5),
      Role: leaf('main.Role', 'admin'),
    }),
    list('[]main.Person', person({ Name: text('Ann') }), person({ Age: leaf('int', 1) })),
    map('map[string]main.Person', [text('ann'), person({ Name: text('Ann') })]),
  ],
  'structs by pointer': [
    pointer(struct('main.Point', { X: leaf('int', 1), Y: leaf('int', -1) })),
    pointer(struct('main.Point', {})),
    list('[]*main.Point', pointer(struct('main.Point', { Y: leaf('int', 1) }))),
    map('map[main.UserID]*main.Point', [
      leaf('main.UserID', 1),
      pointer(struct('main.Point', { X: leaf('int', 2) })),
    ]),
  ],
  'recursive structs': [
    pointer(node(1)),
    pointer(node(1, { Next: pointer(node(2, { Next: pointer(node(3)) })) })),
    pointer(
      node(1, {
        Children: list('[]main.Node', node(2, { Children: list('[]main.Node', node(3)) }), node(4)),
        Next: pointer(
          node(5, { ByName: map('map[string]*main.Node', [text('a'), pointer(node(6))]) }),
        ),
        ByName: map('map[string]*main.Node', [
          text('b'),
          pointer(node(7, { Next: pointer(node(8)) })),
        ]),
      }),
    ),
  ],
  'several structs of one type in another': [
    struct('main.Outer', {
      People: list('[]main.Person', person({ Name: text('Ann'), Email: pointer(text('e')) })),
      Person: person({ Email: pointer(text('mail')), Name: text('Bob') }),
      Owner: pointer(person({ Tags: list('[]string', text('x')) })),
      ByID: map('map[main.UserID]main.Person', [
        leaf('main.UserID', 1),
        person({ Age: leaf('int', 3) }),
      ]),
    }),
  ],
  'fields of every kind': [
    struct('main.Outer', {
      Time: time(1, 0, 'UTC'),
      Expires: pointer(time('-62135596800', 0, 'UTC')),
      Deep: pointer(pointer(leaf('int', 5))),
      UUID: { go: 'main.UUID', hex: '00112233445566778899aabbccddeeff' },
      Big: leaf('*big.Int', 2n ** 70n),
      Link: leaf('*url.URL', 'https://example.com/'),
      Any: leaf('int8', 0),
      Anys: list('[]interface {}', nil, leaf('uint16', 1)),
      Mixed: map(sessionType, [leaf('int', 42), text('a')], [text('42'), text('b')]),
      Digest: list('[4]uint8', ...[0, 0, 0, 0].map(n => leaf('uint8', n))),
      Float32: float('float32', 1.5),
      Complex64: complex('complex64', 0, 1),
      Ratio: float('main.Ratio', -1),
      Uintptr: leaf('uintptr', 2n ** 64n - 1n),
    }),
  ],
}

const keys: Record<string, Pair[]> = {
  'keys that differ only in their type': [
    [text('42'), text('string')],
    [leaf('int', 42), text('int')],
    [leaf('int8', 42), text('int8')],
    [leaf('uint64', 42), text('uint64')],
    [float('float64', 42), text('float64')],
    [leaf('main.UserID', 42), text('UserID')],
    [leaf('main.Role', '42'), text('Role')],
    [list('[2]string', text('4'), text('2')), text('array')],
  ],
  '42 as key and 43 as value': [[leaf('int', 42), leaf('int', 43)]],
  'keys of other types': [
    [nil, text('nil')],
    [leaf('bool', false), text('false')],
    [leaf('int', -1), text('-1')],
    [leaf('int64', 2n ** 63n - 1n), text('far')],
    [{ go: 'string', hex: 'ff' }, text('not UTF-8')],
    [complex('complex128', 1, 1), text('complex')],
    [list('[2]int', leaf('int', 1), leaf('int', 2)), text('array')],
    [{ go: 'main.UUID', hex: '00112233445566778899aabbccddeeff' }, text('UUID')],
  ],
}

suite('Go types', needs('go'), () => {
  const peer = usePeer()

  async function assertSameInGo(values: unknown, tree: Tree): Promise<void> {
    const hex = Buffer.from(encode(values)).toString('hex')
    const { diff } = await peer.call('gob.compare', { hex, tree })
    assert.equal(diff, undefined)
  }

  function testBothWays(title: string, trees: Tree[]): void {
    test(`go from Go to TypeScript and back: ${title}`, async () => {
      for (const tree of trees) {
        const { hex } = await peer.call('gob.encode', { tree })
        const sent = await peer.call('gob.decode', { hex })
        const values = decode(Buffer.from(hex, 'hex'))
        assertSession(values, sent.tree)
        await assertSameInGo(values, sent.tree)
      }
    })

    const styles: Style[] = ['typed', 'plain']
    for (const style of styles) {
      test(`go from TypeScript to Go: ${title}, ${style}`, async () => {
        for (const tree of trees) await assertSameInGo(toSession(tree, style), tree)
      })
    }
  }

  for (const [title, trees] of Object.entries(cases)) {
    testBothWays(
      title,
      trees.map(tree => session({ it: tree, other: text('x') })),
    )
  }
  for (const [title, pairs] of Object.entries(keys)) {
    testBothWays(title, [{ go: sessionType, v: pairs }])
  }

  test('can occur twice in another type', async () => {
    const type = 'map[[2]int][2]int'
    const pair = (a: number, b: number): Tree => list('[2]int', leaf('int', a), leaf('int', b))
    const value = go.typed(
      type,
      new Map([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
    )
    await assertSameInGo(value, map(type, [pair(1, 2), pair(3, 4)]))
  })

  test('refuse a field with two types before it reaches Go', () => {
    const people = [go.struct('main.Person', { Age: 1 }), go.struct('main.Person', { Age: 'old' })]
    assert.throws(() => go.struct('main.Outer', { Person: people[0], Owner: people[1] }), {
      name: 'TypeError',
      message: 'go.struct: field Age of main.Person has two types, int and string',
    })
    assert.throws(() => go.typed('[]main.Person', people), TypeError)
  })
})
