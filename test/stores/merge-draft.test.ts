import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  clone,
  json,
  loadPayload,
  mergeValues,
  type Persistence,
  payloadOf,
  ServerStore,
  SessionStore,
  type Swapped,
  swapMerged,
  type Values,
} from 'silverback'
import { go } from 'silverback/gob'
import { memory } from 'silverback/memory'
import { gob } from 'silverback/securecookie'
import { put, read, Visit, visit } from '../support/http/visit.ts'

test('merging keeps the Go types of entries that this request did not change', async () => {
  const store = new ServerStore(memory(), { serializer: gob })
  const cookie = await visit(store, put({ small: go.int8(3), ratio: go.float32(1.5) }))
  const slow = await Visit.open(store, cookie)
  await visit(store, put({ other: 'x' }), cookie)
  put({ more: 'y' })(slow.session)
  await slow.save()
  const { values } = await read(store, cookie)
  assert.deepEqual(values, { small: 3, ratio: 1.5, other: 'x', more: 'y' })
  assert.match(Buffer.from(gob.serialize(values)).toString('latin1'), /int8.*float32/s)
})

test('a list that is pushed to keeps its Go type, also when it is merged', async () => {
  const store = new ServerStore(memory(), { serializer: gob })
  const cookie = await visit(store, put({ list: go.typed('[]string', ['a']) }))
  const slow = await Visit.open(store, cookie)
  await visit(store, session => session.push('list', 'b'), cookie)
  slow.session.push('list', 'c')
  await slow.save()
  const { values } = await read(store, cookie)
  assert.deepEqual(values, { list: ['a', 'b', 'c'] })
  assert.match(Buffer.from(gob.serialize(values)).toString('latin1'), /\[\]string/)
})

test('merging keeps the Go types of entries that either request added or changed', async () => {
  const store = new ServerStore(memory(), { serializer: gob })
  const cookie = await visit(store, put({ n: go.int64(1), list: [go.uint8(1)] }))
  const slow = await Visit.open(store, cookie)
  await visit(store, put({ theirs: go.int16(7), n: go.uint8(3) }), cookie)
  put({ mine: go.int8(5), n: go.float64(2) })(slow.session)
  slow.session.values.list = [2]
  await slow.save()
  // Now without a conflict.
  put({ more: 1 })(slow.session)
  await slow.save()
  const { values } = await read(store, cookie)
  assert.deepEqual(values, { n: 2, list: [2], theirs: 7, mine: 5, more: 1 })
  const types = Object.keys(values).map(key => [key, go.typeOf(values, key)])
  assert.deepEqual(Object.fromEntries(types), {
    n: 'float64',
    list: '[]interface {}',
    theirs: 'int16',
    mine: 'int8',
    more: 'int',
  })
  assert.equal(go.typeOf(values.list, 0), 'uint8')
})

test('clone and mergeValues keep Go types, which structuredClone loses', () => {
  const base = clone({ n: go.int64(1), at: go.time(new Date(0), { offsetMinutes: 60 }) }, gob)
  const [mine, theirs] = [clone<Values>(base, gob), clone<Values>(base, gob)]
  assert.deepEqual({ ...mine }, { n: 1, at: new Date(0) })
  assert.equal(go.typeOf(mine, 'n'), 'int64')
  assert.equal(go.typeOf(structuredClone(mine), 'n'), undefined)
  mine.n = 2
  mine.added = go.int8(5)
  theirs.n = 3
  theirs.other = go.float32(1.5)
  const { values, contested } = mergeValues({ base, mine, theirs }, gob)
  assert.equal(values, theirs)
  assert.deepEqual(contested, ['n'])
  const read = clone(values, gob)
  assert.deepEqual(read, { n: 2, at: new Date(0), other: 1.5, added: 5 })
  assert.deepEqual(
    Object.keys(read).map(key => go.typeOf(read, key)),
    ['int64', 'time.Time', 'float32', 'int8'],
  )
})

suite('swapMerged', () => {
  const encode = (values: object): Uint8Array => json.serialize(values)
  let stored: Uint8Array
  /** What the first attempts to swap come to; later ones succeed. */
  let outcomes: Swapped[]
  let writes: unknown[]

  const persistence: Persistence = {
    capabilities: new Set(['metadata', 'merging']),
    serializer: json,
    read: () => ({ ...loadPayload(stored, json), id: 'id' }),
    async write(draft, base) {
      const swapped = await swapMerged(draft, base, { serializer: json }, async next => {
        writes.push(json.deserialize(payloadOf(next, json)))
        return outcomes.shift() ?? 'written'
      })
      return swapped && { ...swapped, text: 'text', id: 'id' }
    },
    erase() {},
  }
  const store = new SessionStore(persistence)
  const start = async (...first: Swapped[]): Promise<Visit> => {
    stored = encode({ a: 1, b: 1 })
    writes = []
    outcomes = first
    return Visit.open(store, 'sid=text')
  }

  test('replays the changes on the values of another request', async () => {
    const request = await start({ theirs: { values: { a: 2, b: 1 } } })
    request.session.values.b = 3
    assert.equal(await request.save(), 'sid=text')
    assert.deepEqual(writes, [
      { a: 1, b: 3 },
      { a: 2, b: 3 },
    ])
    assert.deepEqual(request.session.values, { a: 2, b: 3 })
    // The next save starts from what was merged.
    put({ c: 1 })(request.session)
    outcomes = [{ theirs: { values: { a: 4, b: 3 } } }]
    await request.save()
    assert.deepEqual(writes.at(-1), { a: 4, b: 3, c: 1 })
  })

  test('replaces the values of another request by those of a sign-in', async () => {
    const request = await start({ theirs: { values: { planted: true } } })
    request.session.login('ann', { keep: ['a'] })
    await request.save()
    assert.deepEqual(writes, [{ a: 1 }, { a: 1 }])
  })

  test('drops the changes if the session was ended or what is stored is malformed', async () => {
    for (const outcome of ['gone', { theirs: loadPayload(encode([1]), json) }] as const) {
      const request = await start(outcome)
      request.session.values.b = 3
      assert.equal(await request.save(), '')
      assert.equal(writes.length, 1)
    }
  })

  test('rejects after 50 conflicts and saves the changes the next time', async () => {
    const conflict = { theirs: { values: { a: 2, b: 1 } } }
    const request = await start(...Array.from({ length: 50 }, () => conflict))
    request.session.increment('b')
    await assert.rejects(request.save(), { code: 'conflict' })
    await request.save()
    assert.deepEqual(writes.at(-1), { a: 1, b: 2 })
  })
})

test('loadPayload returns malformed for bytes that cannot be deserialized', () => {
  assert.deepEqual(loadPayload(Buffer.from('{'), json), { reason: 'malformed' })
})
