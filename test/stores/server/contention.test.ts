import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Backend, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { counting, put, read, Visit, visit } from '../../support/http/visit.ts'

const sleep = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

/** A backend of which each call takes a few milliseconds, as over a network. */
function distant(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, property) {
      const member = target[property as keyof Backend]
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await sleep(Math.random() * 2)
        const result = await (member as (...args: unknown[]) => unknown).apply(target, args)
        await sleep(Math.random() * 2)
        return result
      }
    },
  })
}

test('150 concurrent writers of one session all get through, at about two writes each', async context => {
  const { backend, calls } = counting(distant(memory()))
  const store = new ServerStore(backend)
  const cookie = await visit(store, put({ n: 0 }))
  const writers = Array.from({ length: 150 }, (_, index) => index)
  const visits = await Promise.all(writers.map(() => Visit.open(store, cookie)))
  const timers = context.mock.timers
  timers.enable({ apis: ['setTimeout'] })
  let isSaved = false
  const saving = Promise.all(
    visits.map((visit, index) => {
      visit.session.increment('n')
      visit.session.values[`key${index}`] = index
      return visit.save()
    }),
  ).finally(() => {
    isSaved = true
  })
  while (!isSaved) {
    timers.tick(1)
    await new Promise(resolve => setImmediate(resolve))
  }
  await saving
  timers.reset()
  const { values } = await read(store, cookie)
  assert.equal(values.n, 150)
  assert.equal(Object.keys(values).length, 151)
  assert.ok((calls.update ?? 0) <= 2 * 150 + 15, `${calls.update} writes`)
})
