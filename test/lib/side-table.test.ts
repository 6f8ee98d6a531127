import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sideTable } from '../../src/lib/side-table.ts'

suite('values beside objects', () => {
  test('are found by the object, and replaced', () => {
    const values = sideTable<number>()
    const object = {}
    assert.equal(values.get(object), undefined)
    values.set(object, 1)
    values.set(object, 2)
    assert.equal(values.get(object), 2)
  })

  test('of one kind say nothing of another', () => {
    const [one, other] = [sideTable<number>(), sideTable<number>()]
    const object = {}
    one.set(object, 1)
    assert.equal(other.get(object), undefined)
  })

  test('are invisible, and in no copy', () => {
    const values = sideTable<number>()
    const object = { a: 1 }
    values.set(object, 1)
    assert.deepEqual(Reflect.ownKeys(object), ['a'])
    assert.equal(values.get({ ...object }), undefined)
    assert.equal(values.get(structuredClone(object)), undefined)
  })

  test('are kept of objects that cannot be changed', () => {
    const values = sideTable<number>()
    const frozen = Object.freeze({})
    values.set(frozen, 1)
    values.set(frozen, 2)
    assert.equal(values.get(frozen), 2)
  })

  test('stay when the object is frozen later', () => {
    const values = sideTable<number>()
    const object = {}
    values.set(object, 1)
    Object.freeze(object)
    values.set(object, 2)
    assert.equal(values.get(object), 2)
  })

  test('of a proxy are its own', () => {
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
