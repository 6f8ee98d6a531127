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
    answered: time + 1,
    ...more,
  }
}

const set = (value: number): Operation => ({ kind: 'set', key: 'a', value })
const increment: Operation = { kind: 'increment' }
const add = (message: string): Operation => ({ kind: 'addFlash', message })
const take: Operation = { kind: 'flashes' }
const refused = { outcome: 'refused' } as const

/** The numbers of the verdict that are not 0, but for those of the requests. */
function found(verdict: Verdict): Partial<Verdict> {
  const { acknowledged, refused, ...rest } = verdict
  return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0))
}

suite('the checker of lost updates', () => {
  test('finds nothing where everything is there', () => {
    const entries = [
      entry(set(1)),
      entry(set(2)),
      entry(increment),
      entry(add('x')),
      entry(add('y')),
      entry(take, { messages: ['x'] }),
    ]
    const verdict = check(entries, { a: 2, count: 1 }, ['y'])
    assert.deepEqual(found(verdict), {})
    assert.equal(verdict.acknowledged, 6)
    assert.equal(lossesOf(verdict), 0)
  })

  test('finds keys that are missing, or older than what was acknowledged', () => {
    for (const values of [{}, { a: 1 }]) {
      assert.deepEqual(found(check([entry(set(1)), entry(set(2))], values, [])), { lostKeys: 1 })
    }
  })

  test('finds what the number is short of, and what it has too much', () => {
    const entries = [entry(increment), entry(increment), entry(increment)]
    assert.deepEqual(found(check(entries, { count: 1 }, [])), { lostIncrements: 2 })
    assert.deepEqual(found(check(entries, { count: 5 }, [])), { lostIncrements: 2 })
  })

  test('what was refused may have been done, or not', () => {
    const entries = [entry(set(1)), entry(set(2), refused), entry(increment, refused)]
    for (const values of [{ a: 1 }, { a: 2, count: 1 }]) {
      assert.deepEqual(found(check(entries, values, [])), {})
    }
    assert.deepEqual(found(check(entries, {}, [])), { lostKeys: 1 })
    assert.deepEqual(found(check([entry(add('x'), refused)], {}, [])), {})
  })

  test('finds messages that nobody has seen', () => {
    assert.deepEqual(found(check([entry(add('x'))], {}, [])), { lostMessages: 1 })
  })

  test('finds messages that return', () => {
    const read = entry(take, { messages: ['x'] })
    const entries = [entry(add('x')), read]
    assert.deepEqual(found(check(entries, {}, ['x'])), { returnedMessages: 1 })
    const later = entry(take, { messages: ['x'], sent: read.answered + 1 })
    assert.deepEqual(found(check([...entries, later], {}, [])), { returnedMessages: 1 })
    const atOnce = entry(take, { messages: ['x'], sent: read.sent })
    assert.deepEqual(found(check([...entries, atOnce], {}, [])), { sharedMessages: 1 })
  })
})
