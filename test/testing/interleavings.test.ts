import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { everyInterleaving, type Step, type Task } from 'silverback/testing'

const defaultBounds = { limit: 10_000, seed: 1 }

/** A task of `count` steps that do nothing. */
const steps =
  (count: number): Task =>
  async schedule => {
    for (let done = 0; done < count; done++) await schedule(async () => undefined)
  }

async function ordersOf(tasks: Record<string, Task>, bounds = defaultBounds): Promise<string[]> {
  const orders: string[] = []
  const check = async (taken: readonly Step[]): Promise<void> => {
    orders.push(taken.map(names => names.join('+')).join(' '))
  }
  assert.equal(await everyInterleaving(async () => ({ tasks, check }), bounds), orders.length)
  return orders
}

suite('everyInterleaving', () => {
  test('runs two tasks of one step in either order and at once', async () => {
    const orders = await ordersOf({ a: steps(1), b: steps(1) })
    assert.deepEqual(orders, ['a b', 'a+b', 'b a', 'b+a'])
  })

  test('runs each interleaving once', async () => {
    for (const [counts, expected] of [
      [[2, 2], 22],
      [[3, 3], 136],
      [[4, 2], 79],
      [[1, 1, 1], 24],
    ] as const) {
      const orders = await ordersOf(
        Object.fromEntries(counts.map((count, index) => [`task${index}`, steps(count)])),
      )
      assert.equal(orders.length, expected)
      assert.equal(new Set(orders).size, expected)
    }
  })

  test('handles tasks whose steps depend on other tasks', async () => {
    let isSet = false
    const tasks: Record<string, Task> = {
      async set(schedule) {
        isSet = false
        await schedule(async () => {
          isSet = true
        })
      },
      async get(schedule) {
        if (await schedule(async () => isSet)) await steps(2)(schedule)
      },
    }
    const orders = await ordersOf(tasks)
    assert.ok(orders.includes('set get get get'))
    assert.ok(orders.includes('get set'))
    assert.equal(orders.length, new Set(orders).size)
  })

  test('varies which of several concurrent steps starts first', async () => {
    const seen = new Set<string>()
    await everyInterleaving(async () => {
      const events: string[] = []
      const task =
        (name: string): Task =>
        async schedule => {
          for (let step = 0; step < 2; step++) {
            await schedule(async () => {
              events.push(name)
              await new Promise(resolve => setImmediate(resolve))
              events.push(name.toUpperCase())
            })
          }
        }
      const check = async (): Promise<void> => void seen.add(events.join(''))
      return { tasks: { a: task('a'), b: task('b') }, check }
    }, defaultBounds)
    for (const order of ['aAaAbBbB', 'abABabAB', 'baBAbaBA', 'aAabABbB', 'aAbaBAbB']) {
      assert.ok(seen.has(order), order)
    }
  })

  test('beyond the limit, adds random interleavings determined by the seed', async () => {
    const tasks = { a: steps(5), b: steps(5), c: steps(5) }
    const orders = await ordersOf(tasks, { limit: 20, seed: 7 })
    assert.equal(orders.length, 40)
    assert.deepEqual(await ordersOf(tasks, { limit: 20, seed: 7 }), orders)
    const others = await ordersOf(tasks, { limit: 20, seed: 8 })
    assert.deepEqual(others.slice(0, 20), orders.slice(0, 20))
    assert.notDeepEqual(others.slice(20), orders.slice(20))
  })

  test('runs steps that one task starts concurrently one after another', async () => {
    const twice: Task = async schedule => {
      await Promise.all([schedule(async () => undefined), schedule(async () => undefined)])
    }
    assert.deepEqual(
      await ordersOf({ twice, b: steps(1) }),
      await ordersOf({ twice: steps(2), b: steps(1) }),
    )
  })

  test('reports the interleaving that failed', async () => {
    let count = 0
    const add: Task = async schedule => {
      const read = await schedule(async () => count)
      await schedule(async () => {
        count = read + 1
      })
    }
    const race = async () => {
      count = 0
      return { tasks: { a: add, b: add }, check: async () => assert.equal(count, 2) }
    }
    await assert.rejects(
      everyInterleaving(race, defaultBounds),
      /^Error: in the order a, b, a, b: /,
    )
    const failing = async () => ({
      tasks: { a: steps(1), b: () => Promise.reject(new Error('down')) },
      check: async () => undefined,
    })
    await assert.rejects(everyInterleaving(failing, defaultBounds), /in the order a: down/)
  })
})
