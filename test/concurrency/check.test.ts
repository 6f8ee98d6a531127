import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { check, lossesOf, type Verdict } from '../../bench/concurrency/check.ts'
import type { Entry, Operation } from '../../bench/concurrency/operations.ts'

let time = 0
function entry(operation: Operation, more: Partial<Entry> = {}): Entry {
  time += 2
  return {
    operation,
    outcome: 'acknowledged',
    messages: [],
    sent: time,
    received: time + 1,
    ...more,
  }
}

const set = (value: number): Operation => ({ kind: 'set', key: 'a', value })
const increment: Operation = { kind: 'increment' }
const add = (message: string): Operation => ({ kind: 'addFlash', message })
const take: Operation = { kind: 'flashes' }
const refused = { outcome: 'refused' } as const

/** The losses in a verdict that are not zero. */
function lossesIn(verdict: Verdict): Partial<Verdict> {
  const { acknowledged, refused, ...rest } = verdict
  return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0))
}

suite('check', () => {
  test('reports no losses when every change is present', () => {
    const entries = [
      entry(set(1)),
      entry(set(2)),
      entry(increment),
      entry(add('x')),
      entry(add('y')),
      entry(take, { messages: ['x'] }),
    ]
    const verdict = check(entries, { a: 2, count: 1 }, ['y'])
    assert.deepEqual(lossesIn(verdict), {})
    assert.equal(verdict.acknowledged, 6)
    assert.equal(lossesOf(verdict), 0)
  })

  test('reports keys that are missing or older than the last acknowledged value', () => {
    for (const values of [{}, { a: 1 }]) {
      assert.deepEqual(lossesIn(check([entry(set(1)), entry(set(2))], values, [])), { lostKeys: 1 })
    }
  })

  test('reports a counter that is too low or too high', () => {
    const entries = [entry(increment), entry(increment), entry(increment)]
    assert.deepEqual(lossesIn(check(entries, { count: 1 }, [])), { lostIncrements: 2 })
    assert.deepEqual(lossesIn(check(entries, { count: 5 }, [])), { lostIncrements: 2 })
  })

  test('accepts both outcomes of a refused request', () => {
    const entries = [entry(set(1)), entry(set(2), refused), entry(increment, refused)]
    for (const values of [{ a: 1 }, { a: 2, count: 1 }]) {
      assert.deepEqual(lossesIn(check(entries, values, [])), {})
    }
    assert.deepEqual(lossesIn(check(entries, {}, [])), { lostKeys: 1 })
    assert.deepEqual(lossesIn(check([entry(add('x'), refused)], {}, [])), {})
  })

  test('reports messages that were never consumed', () => {
    assert.deepEqual(lossesIn(check([entry(add('x'))], {}, [])), { lostMessages: 1 })
  })

  test('distinguishes messages that came back from messages consumed by overlapping requests', () => {
    const read = entry(take, { messages: ['x'] })
    const entries = [entry(add('x')), read]
    assert.deepEqual(lossesIn(check(entries, {}, ['x'])), { returnedMessages: 1 })
    const later = entry(take, { messages: ['x'], sent: read.received + 1 })
    assert.deepEqual(lossesIn(check([...entries, later], {}, [])), { returnedMessages: 1 })
    const overlapping = entry(take, { messages: ['x'], sent: read.sent })
    assert.deepEqual(lossesIn(check([...entries, overlapping], {}, [])), { sharedMessages: 1 })
  })
})
