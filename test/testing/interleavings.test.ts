import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Act, everyOrder, type Step } from 'silverback/testing'

const bounds = { most: 10_000, seed: 1 }

/** Does nothing, in so many steps. */
const steps =
  (count: number): Act =>
  async turn => {
    for (let done = 0; done < count; done++) await turn(async () => undefined)
  }

async function ordersOf(acts: Record<string, Act>, limits = bounds): Promise<string[]> {
  const orders: string[] = []
  const check = async (taken: readonly Step[]): Promise<void> => {
    orders.push(taken.map(names => names.join('+')).join(' '))
  }
  assert.equal(await everyOrder(async () => ({ acts, check }), limits), orders.length)
  return orders
}

suite('every order', () => {
  test('of two with a step each: one, the other, both at once', async () => {
    const orders = await ordersOf({ a: steps(1), b: steps(1) })
    assert.deepEqual(orders, ['a b', 'a+b', 'b a', 'b+a'])
  })

  test('is tried once', async () => {
    for (const [counts, expected] of [
      [[2, 2], 22],
      [[3, 3], 136],
      [[4, 2], 79],
      [[1, 1, 1], 24],
    ] as const) {
      const orders = await ordersOf(
        Object.fromEntries(counts.map((count, index) => [`actor${index}`, steps(count)])),
      )
      assert.equal(orders.length, expected)
      assert.equal(new Set(orders).size, expected)
    }
  })

  test('also when what one does depends on what the other did', async () => {
    let isSet = false
    const acts: Record<string, Act> = {
      async setting(turn) {
        isSet = false
        await turn(async () => {
          isSet = true
        })
      },
      async looking(turn) {
        if (await turn(async () => isSet)) await steps(2)(turn)
      },
    }
    const orders = await ordersOf(acts)
    assert.ok(orders.includes('setting looking looking looking'))
    assert.ok(orders.includes('looking setting'))
    assert.equal(orders.length, new Set(orders).size)
  })

  test('of those that happen at once, too: which of them begins first', async () => {
    const seen = new Set<string>()
    await everyOrder(async () => {
      const begun: string[] = []
      const act =
        (name: string): Act =>
        async turn => {
          for (let step = 0; step < 2; step++) {
            await turn(async () => {
              begun.push(name)
              await new Promise(resolve => setImmediate(resolve))
              begun.push(name.toUpperCase())
            })
          }
        }
      const check = async (): Promise<void> => void seen.add(begun.join(''))
      return { acts: { a: act('a'), b: act('b') }, check }
    }, bounds)
    for (const order of ['aAaAbBbB', 'abABabAB', 'baBAbaBA', 'aAabABbB', 'aAbaBAbB']) {
      assert.ok(seen.has(order), order)
    }
  })

  test('of too many: the first, and as many by chance, the same for the same seed', async () => {
    const acts = { a: steps(5), b: steps(5), c: steps(5) }
    const orders = await ordersOf(acts, { most: 20, seed: 7 })
    assert.equal(orders.length, 40)
    assert.deepEqual(await ordersOf(acts, { most: 20, seed: 7 }), orders)
    const others = await ordersOf(acts, { most: 20, seed: 8 })
    assert.deepEqual(others.slice(0, 20), orders.slice(0, 20))
    assert.notDeepEqual(others.slice(20), orders.slice(20))
  })

  test('what one begins twice at once happens one after the other', async () => {
    const twice: Act = async turn => {
      await Promise.all([turn(async () => undefined), turn(async () => undefined)])
    }
    assert.deepEqual(
      await ordersOf({ twice, b: steps(1) }),
      await ordersOf({ twice: steps(2), b: steps(1) }),
    )
  })

  test('a failure tells the order', async () => {
    let count = 0
    const add: Act = async turn => {
      const read = await turn(async () => count)
      await turn(async () => {
        count = read + 1
      })
    }
    const race = async () => {
      count = 0
      return { acts: { a: add, b: add }, check: async () => assert.equal(count, 2) }
    }
    await assert.rejects(everyOrder(race, bounds), /^Error: in the order a, b, a, b: /)
    const failing = async () => ({
      acts: { a: steps(1), b: () => Promise.reject(new Error('down')) },
      check: async () => undefined,
    })
    await assert.rejects(everyOrder(failing, bounds), /in the order a: down/)
  })
})
