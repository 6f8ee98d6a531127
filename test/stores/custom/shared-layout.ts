/** Tests of stores that share their sessions with a Go program. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionStore } from 'silverback'
import { go } from 'silverback/gob'
import { gob } from 'silverback/securecookie'
import { put, read, Visit, visit } from '../../support/http/visit.ts'

/** Registers the tests. Each call of `open` returns a store of another process with the same storage. */
export function testSharedLayout(open: () => SessionStore): void {
  const typed = { small: go.int8(3), ratio: go.float32(1.5) }

  test('keeps Go types when another entry changes', async () => {
    const cookie = await visit(open(), put(typed))
    await visit(open(), put({ other: 'x' }), cookie)
    await assertTyped(open(), cookie, { small: 3, ratio: 1.5, other: 'x' })
  })

  test('keeps Go types when the changes of two requests are merged', async () => {
    const cookie = await visit(open(), put(typed))
    const slow = await Visit.open(open(), cookie)
    await visit(open(), put({ other: 'x' }), cookie)
    put({ more: 'y' })(slow.session)
    await slow.save()
    await assertTyped(open(), cookie, { small: 3, ratio: 1.5, other: 'x', more: 'y' })
  })

  test('no increment of 40 concurrent requests is lost', async () => {
    const cookie = await visit(open(), put({ visits: 0 }))
    const increment = (): Promise<string> =>
      visit(open(), session => session.increment('visits'), cookie)
    await Promise.all(Array.from({ length: 40 }, increment))
    assert.equal((await read(open(), cookie)).values.visits, 40)
  })

  test('a session that one request destroys is not revived by a slower one', async () => {
    const cookie = await visit(open(), put({ a: 1 }))
    const slow = await Visit.open(open(), cookie)
    await visit(open(), session => session.destroy(), cookie)
    put({ a: 2 })(slow.session)
    assert.equal(await slow.save(), '')
    assert.equal((await read(open(), cookie)).reason, 'unknown-id')
  })
}

async function assertTyped(store: SessionStore, cookie: string, expected: object): Promise<void> {
  const { values } = await read(store, cookie)
  assert.deepEqual(values, expected)
  // The stream names the types inside interfaces.
  const stream = Buffer.from(gob.serialize(values)).toString('latin1')
  assert.match(stream, /int8/)
  assert.match(stream, /float32/)
}
