import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { json } from '../../src/codec/serializers/json.ts'
import { copyTree, frozenTree, isSameTree } from '../../src/codec/trees.ts'

const trees = fc.jsonValue({ maxDepth: 5 })
const parsed = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** All objects and arrays in a tree. */
function containersIn(tree: unknown): object[] {
  if (typeof tree !== 'object' || tree === null) return []
  return [tree, ...Object.values(tree).flatMap(containersIn)]
}

suite('trees', () => {
  test('a copy is equal and shares nothing', () => {
    fc.assert(
      fc.property(trees, value => {
        const tree = frozenTree(parsed(value))
        const copy = copyTree(tree)
        assert.deepEqual(copy, tree)
        assert.ok(isSameTree(copy, tree))
        const originals = new Set(containersIn(tree))
        assert.ok(containersIn(copy).every(each => !originals.has(each) && !Object.isFrozen(each)))
      }),
    )
  })

  test('the same trees have the same JSON, and other JSON is of another tree', () => {
    fc.assert(
      fc.property(trees, trees, (one, other) => {
        const text = JSON.stringify(one)
        assert.equal(
          isSameTree(other, JSON.parse(text)),
          Buffer.from(json.serialize(other)).equals(json.serialize(parsed(one))),
        )
      }),
    )
  })

  test('a key called __proto__ is a key like any other', () => {
    for (const text of ['{"__proto__":{"admin":true}}', '{"a":{"__proto__":[1]},"b":2}']) {
      const copy = copyTree(JSON.parse(text))
      assert.equal(JSON.stringify(copy), text)
      assert.equal(Object.getPrototypeOf(copy), Object.prototype)
      assert.ok(isSameTree(copy, JSON.parse(text)))
      assert.ok(!isSameTree(copy, {}))
      assert.ok(!isSameTree({}, copy))
    }
  })

  const original =
    '{"text":"2026-01-01T00:00:00.000Z","zero":0,"none":null,"list":[1,{"a":[]}],"empty":{}}'
  type Values = Record<string, unknown> & { list: [number, { a: unknown[] }] }
  const changes: Record<string, (values: Values) => void> = {
    'a nested value': values => values.list[1].a.push(1),
    'an added key without a value': values => Object.assign(values, { more: undefined }),
    'a missing key': values => Reflect.deleteProperty(values, 'none'),
    'another order': values => {
      const { text, ...others } = values
      Reflect.deleteProperty(values, 'text')
      Object.assign(values, others, { text })
    },
    'a date of the same text': values =>
      Object.assign(values, { text: new Date(String(values.text)) }),
    'negative zero': values => Object.assign(values, { zero: -0 }),
    NaN: values => Object.assign(values, { none: Number.NaN }),
    'undefined instead of null': values => Object.assign(values, { none: undefined }),
    'an empty map': values => Object.assign(values, { empty: new Map() }),
    'an empty list': values => Object.assign(values, { empty: [] }),
    'an empty object instead of a list': values => Object.assign(values.list[1], { a: {} }),
    'an object without a prototype': values =>
      Object.assign(values, { empty: Object.create(null) }),
    'an instance of a class': values => Object.assign(values, { empty: new (class {})() }),
    'a symbol': values => Object.assign(values.empty as object, { [Symbol('key')]: 1 }),
    'a hole': values => Reflect.deleteProperty(values.list, '0'),
    'a longer list': values => Object.assign(values.list, { length: 3 }),
  }
  for (const [kind, change] of Object.entries(changes)) {
    test(`${kind} is a change`, () => {
      const values = JSON.parse(original)
      assert.ok(isSameTree(values, JSON.parse(original)))
      change(values)
      assert.ok(!isSameTree(values, JSON.parse(original)))
    })
  }
})
