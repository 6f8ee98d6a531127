import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Backend, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { counting, put, read, Visit, visit } from '../../support/http/visit.ts'

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

test('150 concurrent writers of one session all get through, at a few writes each', async () => {
  const { backend, calls } = counting(distant(memory()))
  const store = new ServerStore(backend)
  const cookie = await visit(store, put({ n: 0 }))
  const writers = Array.from({ length: 150 }, (_, index) => index)
  const visits = await Promise.all(writers.map(() => Visit.open(store, cookie)))
  await Promise.all(
    visits.map((visit, index) => {
      visit.session.increment('n')
      visit.session.values[`key${index}`] = index
      return visit.save()
    }),
  )
  const { values } = await read(store, cookie)
  assert.equal(values.n, 150)
  assert.equal(Object.keys(values).length, 151)
  // A turn ends by the clock, so a busy machine makes more writes necessary. Without turns there would be thousands.
  assert.ok((calls.update ?? 0) < 6 * 150, `${calls.update} writes`)
})
