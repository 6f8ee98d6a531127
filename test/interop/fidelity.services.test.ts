import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { keyed } from 'silverback/gob'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { needs } from '../support/services/programs.ts'
import { treesOf } from './arbitrary.ts'
import { builtIn, registered } from './go-types.ts'
import { usePeer } from './peer.ts'
import {
  assertSameTree,
  assertSession,
  leaf,
  nil,
  type Pair,
  session,
  type Tree,
  text,
  withEntry,
} from './tree.ts'
import { hexKeys, load, name, newKeys, visit } from './visit.ts'

const keys = newKeys(32, 32)
const dir = await mkdtemp(join(tmpdir(), 'silverback-'))
after(() => rm(dir, { recursive: true }))

const cookies = cookieStore(...keys)
const files = filesystemStore(dir, ...keys)
files.maxLength(0)

/** Every type that a session can hold. */
const types = [...builtIn, ...registered]
const sample = (type: string, depth: number, seed: number): Tree =>
  fc.sample(treesOf(type, depth), { seed, numRuns: 1 })[0] as Tree

suite('a session of Go that TypeScript changes', needs('go'), () => {
  const peer = usePeer()
  const go = { name, keyPairs: hexKeys(keys) }

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`preserves all other values in a file: seed ${seed}`, async () => {
      const inFile = { ...go, dir, maxLength: 0 }
      const entries = types.map(type => [type, sample(type, 3, seed)])
      const values = session({ ...(Object.fromEntries(entries) as Record<string, Tree>), nil })
      const saved = await peer.call('fs.save', { ...inFile, values })
      const before = await peer.call('fs.load', { ...inFile, cookie: saved.value })
      const updated = await visit(files, saved.value, visited => {
        assertSession(visited.values, before.values)
        visited.values.visits = 1
        visited.values.string = 'changed'
      })
      const now = await peer.call('fs.load', { ...inFile, cookie: updated.value })
      const visited = withEntry(before.values, 'visits', leaf('int', 1))
      assertSameTree(now.values, withEntry(visited, 'string', text('changed')))
    })
  }

  for (const type of types) {
    test(`preserves all other values in a cookie: ${type}`, async () => {
      for (const seed of [1, 2, 3]) {
        const values = session({ it: sample(type, 1, seed), other: text('x') })
        const saved = await peer.call('cookie.save', { ...go, values })
        const before = await peer.call('cookie.load', { ...go, cookie: saved.value })
        const updated = await visit(cookies, saved.value, visited => {
          assertSession(visited.values, before.values)
          visited.values.other = 'y'
        })
        const now = await peer.call('cookie.load', { ...go, cookie: updated.value })
        assertSameTree(now.values, withEntry(before.values, 'other', text('y')))
      }
    })
  }

  // biome-ignore lint/suspicious/noExplicitAny: each change knows the values that it gets.
  type Change = (values: any) => void
  const list = (type: string, ...items: Tree[]): Tree => ({ go: type, v: items })
  const map = (type: string, ...pairs: Pair[]): Tree => ({ go: type, v: pairs })
  const person = (name: string, age: number): Tree => ({
    go: 'main.Person',
    v: {
      Name: text(name),
      Age: leaf('int', age),
      Email: { go: '*string', v: text('mail') },
      Tags: list('[]string', text('a')),
    },
  })
  const point = (x: number, y: number): Tree => ({
    go: 'main.Point',
    v: { X: leaf('int', x), Y: leaf('int', y) },
  })
  const time = (unix: number, nsec: number): Tree => ({
    go: 'time.Time',
    v: new Date(unix * 1000 + 19_800_000)
      .toISOString()
      .replace(/\.000Z$/, `${nsec === 0 ? '' : `.${nsec}`}+05:30`),
    unix: String(unix),
    nsec,
    offset_sec: 19_800,
    is_utc: false,
  })
  const numbers = [
    'int',
    'int8',
    'int16',
    'int32',
    'int64',
    'uint',
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'uintptr',
    'main.UserID',
    'main.Level',
    'time.Duration',
    '*big.Int',
  ]

  const changes: Record<string, [before: Tree, change: Change, after: Tree]> = {
    ...Object.fromEntries(
      numbers.map(type => [
        `${type} ++`,
        [leaf(type, 41), (values => values.it++) as Change, leaf(type, 42)],
      ]),
    ),
    '*big.Int beyond 64 bits': [
      leaf('*big.Int', 2n ** 100n),
      values => {
        values.it += 1n
      },
      leaf('*big.Int', 2n ** 100n + 1n),
    ],
    'int64 beyond safe integers': [
      leaf('int64', 2n ** 62n),
      values => {
        values.it += 1n
      },
      leaf('int64', 2n ** 62n + 1n),
    ],
    'float64 to a whole number': [
      { go: 'float64', v: '1.5', bits: '3ff8000000000000' },
      values => {
        values.it = 2
      },
      { go: 'float64', v: '2', bits: '4000000000000000' },
    ],
    float32: [
      { go: 'float32', v: '1.5', bits: '3ff8000000000000' },
      values => {
        values.it *= 2
      },
      { go: 'float32', v: '3', bits: '4008000000000000' },
    ],
    'a named string': [
      leaf('main.Role', 'guest'),
      values => {
        values.it = 'admin'
      },
      leaf('main.Role', 'admin'),
    ],
    'a named bool': [
      leaf('main.Flag', false),
      values => {
        values.it = !values.it
      },
      leaf('main.Flag', true),
    ],
    'bytes of net.IP': [
      { go: 'net.IP', hex: '7f000001' },
      values => {
        values.it = Uint8Array.of(10, 0, 0, 1)
      },
      { go: 'net.IP', hex: '0a000001' },
    ],
    '[]string with a new element': [
      list('[]string', text('a')),
      values => {
        values.it.push('b')
      },
      list('[]string', text('a'), text('b')),
    ],
    '[]string, replaced': [
      list('[]string', text('a')),
      values => {
        values.it = ['x', 'y']
      },
      list('[]string', text('x'), text('y')),
    ],
    '[]int64, mapped': [
      list('[]int64', leaf('int64', 1), leaf('int64', 2)),
      values => {
        values.it = values.it.map((n: number) => n * 10)
      },
      list('[]int64', leaf('int64', 10), leaf('int64', 20)),
    ],
    '[]interface {} of typed elements, filtered': [
      list('[]interface {}', leaf('int8', 1), text('x'), leaf('uint16', 3)),
      values => {
        values.it = values.it.filter((item: unknown) => item !== 'x')
      },
      list('[]interface {}', leaf('int8', 1), leaf('uint16', 3)),
    ],
    '[]interface {} of typed elements, shifted in place': [
      list('[]interface {}', leaf('int8', 1), text('x'), leaf('uint16', 3)),
      values => {
        values.it.shift()
        values.it.push('y')
      },
      list('[]interface {}', text('x'), leaf('uint16', 3), text('y')),
    ],
    '[]interface {} of two number types, both incremented': [
      list('[]interface {}', leaf('uint8', 1), { go: 'float32', v: '2', bits: '4000000000000000' }),
      values => {
        values.it = values.it.map((n: number) => n + 1)
      },
      list('[]interface {}', leaf('uint8', 2), { go: 'float32', v: '3', bits: '4008000000000000' }),
    ],
    '[2]int': [
      list('[2]int', leaf('int', 1), leaf('int', 2)),
      values => {
        values.it[1]++
      },
      list('[2]int', leaf('int', 1), leaf('int', 3)),
    ],
    'map[string]float64 with a new key': [
      map('map[string]float64', [text('a'), { go: 'float64', v: '1', bits: '3ff0000000000000' }]),
      values => {
        values.it.b = 2
      },
      map(
        'map[string]float64',
        [text('a'), { go: 'float64', v: '1', bits: '3ff0000000000000' }],
        [text('b'), { go: 'float64', v: '2', bits: '4000000000000000' }],
      ),
    ],
    'map[int]string': [
      map('map[int]string', [leaf('int', 42), text('a')]),
      values => {
        values.it.set(43, 'b').delete(42)
      },
      map('map[int]string', [leaf('int', 43), text('b')]),
    ],
    'a nested map[interface {}]interface {}': [
      map('map[interface {}]interface {}', [text('n'), leaf('uint8', 1)], [leaf('int', 1), nil]),
      values => {
        values.it.set('n', values.it.get('n') + 1)
        values.it.set(2, 'x')
      },
      map(
        'map[interface {}]interface {}',
        [text('n'), leaf('uint8', 2)],
        [leaf('int', 1), nil],
        [leaf('int', 2), text('x')],
      ),
    ],
    'a value inside map[string]interface {}': [
      map('map[string]interface {}', [text('n'), leaf('uint8', 1)], [text('m'), leaf('int32', 5)]),
      values => {
        values.it.n++
      },
      map('map[string]interface {}', [text('n'), leaf('uint8', 2)], [text('m'), leaf('int32', 5)]),
    ],
    'a field of main.Person': [
      person('Ann', 41),
      values => {
        values.it.Age++
        values.it.Tags.push('b')
        values.it.Email = null
      },
      {
        go: 'main.Person',
        v: {
          Name: text('Ann'),
          Age: leaf('int', 42),
          Email: { go: '*string', v: null },
          Tags: list('[]string', text('a'), text('b')),
        },
      },
    ],
    'a field of main.Person that was zero': [
      person('', 0),
      values => {
        values.it.Name = 'Ann'
        values.it.Age = 1
      },
      person('Ann', 1),
    ],
    'main.Person, replaced': [
      person('Ann', 41),
      values => {
        values.it = { Name: 'Bob', Age: 7, Email: 'mail', Tags: ['a'] }
      },
      person('Bob', 7),
    ],
    'a copy of main.Person': [
      person('Ann', 41),
      values => {
        values.it = { ...values.it, Age: 42 }
      },
      person('Ann', 42),
    ],
    '*main.Point': [
      { go: '*main.Point', v: point(1, 2) },
      values => {
        values.it.X = -1
      },
      { go: '*main.Point', v: point(-1, 2) },
    ],
    '[]main.Person with a new element': [
      list('[]main.Person', person('Ann', 41)),
      values => {
        values.it.push({ Name: 'Bob', Age: 7, Email: 'mail', Tags: ['a'] })
      },
      list('[]main.Person', person('Ann', 41), person('Bob', 7)),
    ],
    'map[main.UserID]*main.Point': [
      map('map[main.UserID]*main.Point', [
        leaf('main.UserID', 1),
        { go: '*main.Point', v: point(1, 2) },
      ]),
      values => {
        values.it.set(2, { X: 3, Y: 4 })
      },
      map(
        'map[main.UserID]*main.Point',
        [leaf('main.UserID', 1), { go: '*main.Point', v: point(1, 2) }],
        [leaf('main.UserID', 2), { go: '*main.Point', v: point(3, 4) }],
      ),
    ],
    'time.Time, changed in place': [
      time(1_700_000_000, 0),
      values => {
        values.it.setUTCHours(values.it.getUTCHours() + 1)
      },
      time(1_700_003_600, 0),
    ],
    'time.Time, replaced': [
      time(1_700_000_000, 0),
      values => {
        values.it = new Date(1_800_000_000_000)
      },
      time(1_800_000_000, 0),
    ],
    'time.Time, removed and put back': [
      time(1_700_000_000, 123456789),
      values => {
        const moved = values.it
        values.it = 'moved'
        values.it = moved
      },
      time(1_700_000_000, 123456789),
    ],
  }
  for (const [title, [before, change, expected]] of Object.entries(changes)) {
    test(`keeps the type: ${title}`, async () => {
      const saved = await peer.call('cookie.save', { ...go, values: session({ it: before }) })
      const updated = await visit(cookies, saved.value, ({ values }) => change(values))
      const { values } = await peer.call('cookie.load', { ...go, cookie: updated.value })
      assertSameTree(values, session({ it: expected }))
    })
  }

  const asserted: Tree[] = [
    leaf('int', 1),
    leaf('int64', 2),
    leaf('uint8', 3),
    { go: 'float64', v: '4', bits: '4010000000000000' },
    list('[]string', text('a')),
    person('Ann', 41),
    { go: '*main.Point', v: point(1, 2) },
    time(1_700_000_000, 123456789),
  ]
  /** The type that Go's assertion `v.(T)` needs is the one that the peer reports. */
  async function typesAfter(values: Tree, change: Change): Promise<Tree> {
    const saved = await peer.call('cookie.save', { ...go, values })
    const updated = await visit(cookies, saved.value, visited => change(visited.values))
    return (await peer.call('cookie.load', { ...go, cookie: updated.value })).values
  }

  for (const [index, item] of asserted.entries()) {
    test(`keeps what Go asserts to be ${item.go}: after a change of another key`, async () => {
      const before = session({ it: item, other: text('x') })
      const after = await typesAfter(before, values => {
        values.other = 'y'
      })
      assertSameTree(after, withEntry(before, 'other', text('y')))
    })

    test(`keeps what Go asserts to be ${item.go}: after changes of its neighbours`, async () => {
      const before = session({ it: list('[]interface {}', ...asserted) })
      const after = await typesAfter(before, values => {
        values.it = values.it.map((each: unknown, i: number) =>
          i !== index && typeof each === 'number' ? each + 1 : each,
        )
      })
      const numbers = ['2', '3', '4', '5']
      const expected = asserted.map((each, i) => {
        if (i === index || i >= numbers.length) return each
        return i === 3
          ? { go: 'float64', v: '5', bits: '4014000000000000' }
          : leaf(each.go, Number(numbers[i]))
      })
      assertSameTree(after, session({ it: list('[]interface {}', ...expected) }))
    })
  }

  for (const length of [100, 400]) {
    test(`reads and changes a linked list of ${length} nodes`, async () => {
      const inFile = { ...go, dir, maxLength: 0 }
      const nodes = (count: number): Tree => {
        let next: Tree = { go: '*main.Node', v: null }
        for (let value = count; value > 0; value--) {
          const fields = { Value: leaf('int', value), Next: next }
          next = { go: '*main.Node', v: { go: 'main.Node', v: fields } }
        }
        return next
      }
      const saved = await peer.call('fs.save', {
        ...inFile,
        values: session({ first: nodes(length) }),
      })
      const before = await peer.call('fs.load', { ...inFile, cookie: saved.value })
      const changed = await visit(files, saved.value, visited => {
        assertSession(visited.values, before.values)
        visited.values.visits = 1
      })
      const now = await peer.call('fs.load', { ...inFile, cookie: changed.value })
      assertSameTree(now.values, withEntry(before.values, 'visits', leaf('int', 1)))
    })
  }

  test('keeps keys apart that differ only in their type', async () => {
    const pairs: Pair[] = [
      [text('42'), text('a string')],
      [leaf('int', 42), text('an int')],
      [leaf('int64', 42), text('an int64')],
      [leaf('main.UserID', 42), leaf('int32', 7)],
      [leaf('main.Role', '42'), text('a role')],
      [leaf('bool', true), text('a bool')],
      [nil, text('nil')],
      [list('[2]int', leaf('int', 4), leaf('int', 2)), text('an array')],
    ]
    const saved = await peer.call('cookie.save', {
      ...go,
      values: { go: session({}).go, v: pairs },
    })
    const here = await load(cookies, saved.value)
    assertSession(here.values, { go: session({}).go, v: pairs })

    const updated = await visit(cookies, saved.value, visited => {
      visited.values['42'] = 'changed'
      visited.keyed.set(43, 44)
    })
    const { values } = await peer.call('cookie.load', { ...go, cookie: updated.value })
    const others = pairs.slice(1)
    assertSameTree(values, {
      go: values.go,
      v: [[text('42'), text('changed')], ...others, [leaf('int', 43), leaf('int', 44)]],
    })
    const emptied = await visit(cookies, updated.value, visited => {
      visited.values = { [keyed]: new Map([[42, 43]]), 42: 'kept' }
    })
    const last = await peer.call('cookie.load', { ...go, cookie: emptied.value })
    assertSameTree(last.values, {
      go: values.go,
      v: [
        [text('42'), text('kept')],
        [leaf('int', 42), leaf('int', 43)],
      ],
    })
    assert.equal(last.isNew, false)
  })
})
