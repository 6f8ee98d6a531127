import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { json } from '../../src/codec/serializers/json.ts'
import type { Serializer } from '../../src/codec/serializers/serializer.ts'
import { applyMerged, merge } from '../../src/session/merge.ts'
import { noChanges, type Values } from '../../src/session/state.ts'

const changes = { ...noChanges, lists: new Set(['_flash']) }

function mergedList(base: unknown[], mine: unknown[], theirs: unknown[]): unknown {
  const state = (list: unknown[]): Values => ({ _flash: structuredClone(list) })
  const input = { base: state(base), mine: state(mine), theirs: state(theirs), changes }
  return merge(input, json).values._flash ?? []
}

suite('merging', () => {
  test('removes the messages that were read and are still stored', () => {
    assert.deepEqual(mergedList(['a', 'b', 'a', 'b'], [], ['a', 'b', 'c']), ['c'])
    assert.deepEqual(mergedList(['a', 'a'], [], ['a', 'a', 'a']), ['a'])
    assert.deepEqual(mergedList(['a'], ['b'], ['c']), ['c', 'b'])
    assert.deepEqual(mergedList(['a'], ['a', 'b'], ['a', 'c']), ['a', 'c', 'b'])
  })

  test('brings no message back that others took, when earlier ones are put in front', () => {
    assert.deepEqual(mergedList(['b'], ['a', 'b', 'c'], []), ['a', 'c'])
    assert.deepEqual(mergedList(['b'], ['a', 'b', 'c'], ['b', 'd']), ['a', 'b', 'd', 'c'])
    assert.deepEqual(mergedList(['a', 'b'], ['a', 'a', 'b'], ['c']), ['a', 'c'])
  })

  test('removes the longest possible number of them', () => {
    const messages = fc.array(fc.constantFrom('a', 'b', { text: 'a' }, 0, -0), { maxLength: 8 })
    fc.assert(
      fc.property(messages, messages, (read, stored) => {
        fc.pre(read.length > 0)
        let left = Math.min(read.length, stored.length)
        const isLeft = () => {
          const [end, start] = [read.slice(read.length - left), stored.slice(0, left)]
          return end.every((message, index) => areSame(message, start[index]))
        }
        while (!isLeft()) left--
        assert.deepEqual(mergedList(read, [], stored), stored.slice(left))
      }),
      { numRuns: 2000 },
    )
  })

  test('tells 0 from -0', () => {
    const base = { n: 0, m: -0 }
    const { values } = merge({ base, mine: { n: -0, m: -0 }, theirs: base, changes }, json)
    assert.ok(Object.is(values.n, -0))
  })

  test('keeps an empty list that this request did not change', () => {
    const empty = { _flash: [] }
    assert.deepEqual(
      merge({ base: empty, mine: empty, theirs: empty, changes }, json).values,
      empty,
    )
  })

  const count = 100_000
  const same = Array.from({ length: count }, () => 'x')
  const periodic = Array.from({ length: count }, (_, index) => (index % 2 ? 'a' : 'b'))
  const different = Array.from({ length: count }, (_, index) => `message ${index}`)
  for (const [what, base, mine, theirs] of [
    ['all equal', same, [], [...same.slice(1), 'y']],
    ['a repeated pattern', periodic, [], [...periodic.slice(0, -1), 'y']],
    ['all different', different, [], [...different, 'y']],
    ['others added by two requests', different, [...different, 'x'], [...different, 'y']],
    [
      'equal objects',
      same.map(text => ({ text })),
      [],
      [...same.slice(1), 'y'].map(text => ({ text })),
    ],
  ] as const) {
    test(`takes linear time for ${count} messages: ${what}`, () => {
      const counting = countingSerializer()
      const input = { base: { _flash: base }, mine: { _flash: mine }, theirs: { _flash: theirs } }
      const start = process.cpuUsage().user
      const { values } = merge({ ...input, changes }, counting.serializer)
      applyMerged({}, input.mine, values, counting.serializer)
      // Quadratic time would be minutes.
      assert.ok(process.cpuUsage().user - start < 30_000_000)
      assert.ok(counting.calls() <= 3 * count + 100, `${counting.calls()} values were serialized`)
    })
  }

  test('serializes each value once', () => {
    const seen: unknown[] = []
    const recording: Serializer = {
      ...json,
      serialize(value) {
        seen.push((value as { value: unknown }).value)
        return json.serialize(value)
      },
    }
    const base = { a: { n: 1 }, b: { n: 2 }, _flash: [{ text: 'x' }], old: [1] }
    const mine = { a: { n: 3 }, b: { n: 4 }, _flash: [{ text: 'x' }, { text: 'y' }] }
    const theirs = { a: { n: 5 }, b: { n: 2 }, _flash: [{ text: 'z' }], old: [1], c: {} }
    const { contested } = merge({ base, mine, theirs, changes }, recording)
    assert.deepEqual(contested, ['a'])
    assert.equal(new Set(seen).size, seen.length)
  })
})

function areSame(a: unknown, b: unknown): boolean {
  return Buffer.compare(json.serialize({ value: a }), json.serialize({ value: b })) === 0
}

function countingSerializer(): { serializer: Serializer; calls: () => number } {
  let calls = 0
  const serialize = (value: unknown): Uint8Array => {
    calls++
    return json.serialize(value)
  }
  return { serializer: { ...json, serialize }, calls: () => calls }
}
