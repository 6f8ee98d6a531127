import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sideTable } from '../../src/lib/side-table.ts'

suite('a side table', () => {
  test('returns the value that was set last for an object', () => {
    const values = sideTable<number>()
    const object = {}
    assert.equal(values.get(object), undefined)
    values.set(object, 1)
    values.set(object, 2)
    assert.equal(values.get(object), 2)
  })

  test('is independent of other side tables', () => {
    const [one, other] = [sideTable<number>(), sideTable<number>()]
    const object = {}
    one.set(object, 1)
    assert.equal(other.get(object), undefined)
  })

  test('adds no visible property, and copies of the object have no value', () => {
    const values = sideTable<number>()
    const object = { a: 1 }
    values.set(object, 1)
    assert.deepEqual(Reflect.ownKeys(object), ['a'])
    assert.equal(values.get({ ...object }), undefined)
    assert.equal(values.get(structuredClone(object)), undefined)
  })

  test('works with frozen objects', () => {
    const values = sideTable<number>()
    const frozen = Object.freeze({})
    values.set(frozen, 1)
    values.set(frozen, 2)
    assert.equal(values.get(frozen), 2)
  })

  test('keeps and replaces the value of an object that is frozen later', () => {
    const values = sideTable<number>()
    const object = {}
    values.set(object, 1)
    Object.freeze(object)
    values.set(object, 2)
    assert.equal(values.get(object), 2)
  })

  test('treats a proxy as an object of its own, without calling its traps', () => {
    const values = sideTable<number>()
    const target = {}
    const proxy = new Proxy(target, {
      get: () => assert.fail(),
      has: () => assert.fail(),
      defineProperty: () => assert.fail(),
    })
    values.set(proxy, 1)
    assert.equal(values.get(proxy), 1)
    assert.equal(values.get(target), undefined)
  })
})
