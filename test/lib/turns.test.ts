import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTurn } from '../../src/lib/turns.ts'

test('tasks of one key run one after another, in their order', async () => {
  const steps: string[] = []
  const task = (name: string) => async (hasWaited: boolean) => {
    steps.push(`${name} starts`)
    await sleep(1)
    steps.push(`${name} ends`)
    return hasWaited
  }
  const waited = await Promise.all([inTurn('k', task('a')), inTurn('k', task('b'))])
  assert.deepEqual(steps, ['a starts', 'a ends', 'b starts', 'b ends'])
  assert.deepEqual(waited, [false, true])
})

test('tasks of other keys do not wait', async () => {
  const never = new Promise<void>(() => undefined)
  void inTurn('one', () => never)
  assert.equal(await inTurn('other', async hasWaited => hasWaited), false)
})

test('a task that fails ends its turn, and its caller alone hears of it', async () => {
  const failing = inTurn('k', () => Promise.reject(new Error('no')))
  const next = inTurn('k', async () => 'next')
  await assert.rejects(failing, /no/)
  assert.equal(await next, 'next')
})

test('a task that never ends holds the others up for a moment only', async () => {
  void inTurn('stuck', () => new Promise(() => undefined))
  assert.equal(await inTurn('stuck', async () => 'second'), 'second')
  assert.equal(await inTurn('stuck', async () => 'third'), 'third')
})
