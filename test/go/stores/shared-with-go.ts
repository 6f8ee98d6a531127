/**
 * Tests of a store that shares its sessions with a Go program, which runs the real module of the layout. Both create,
 * change, flash, extend, rotate, delete and expire each other's sessions.
 */

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { ServerStore, type Session, type SessionStore } from 'silverback'
import { copyGoSessions, goSession } from 'silverback/go/migrate'
import { memory } from 'silverback/memory'
import { sessions } from '../../interop/arbitrary.ts'
import type { Peer } from '../../interop/peer.ts'
import {
  assertSameTree,
  assertSession,
  leaf,
  pairsOf,
  session,
  sessionType,
  type Tree,
  text,
  toSession,
  withEntry,
} from '../../interop/tree.ts'
import { hexKeys, type KeyPairs, load, name, newKeys, visit } from '../../interop/visit.ts'
import { found } from '../../migrate/move.ts'
import { nodeRequest, nodeResponse } from '../../support/http/http.ts'
import { jsonObjects, jsonTree } from './json-values.ts'

/** A store under test. */
export interface SharedStore {
  /** Opens the store in TypeScript, without a limit of the length. Every call is another process. */
  open(keyPairs: KeyPairs, options?: { options?: { maxAge: number } }): SessionStore
  /** How the Go program opens it: the parameter `store`. */
  go(): { kind: string; server: string; table?: string; format?: string }
  /** Whether the values are JSON. Default false. */
  isJson?: boolean
  /** Entries that the Go store adds when it loads a session. */
  adds?: readonly string[]
  /** What the Go store does with a session that has expired. Default: it creates a new one. */
  goReadsExpired?: boolean
  /** Whether sessions have no expiry of their own, so that only the Max-Age of the store ends them. Default false. */
  expiresByStore?: boolean
  /** Whether the server does not update records atomically, so that a change of Go can be lost. Default false. */
  losesUpdates?: boolean
  /** Whether the Go store sets no cookie when it saves a session that exists. Default false. */
  setsCookieOnce?: boolean
  /** Whether the server cannot list its records, so that they cannot be copied. Default false. */
  cannotList?: boolean
}

/** How many random sessions are written by each side. */
const runs = 250

/** The seconds that a session lives whose end a test awaits: enough to extend it on a busy machine. */
const lifetime = 10

/** Registers the tests. */
export function testSharedWithGo(peer: Peer, shared: SharedStore): void {
  const keyPairs = newKeys(32, 32)
  const number = (value: number): Tree => (shared.isJson ? jsonTree(value) : leaf('int', value))
  const cart = session({ user: text('Ånn'), count: number(2) })
  const open = (maxAge = 600): SessionStore => shared.open(keyPairs, { options: { maxAge } })
  const go = (): object => ({
    name,
    keyPairs: hexKeys(keyPairs),
    maxLength: 0,
    store: shared.go(),
  })

  /** The cookie after Go saved the session that it got with `cookie`. */
  const cookieOf = (saved: { value: string }, cookie: string): string =>
    shared.setsCookieOnce ? cookie : saved.value
  const loaded = async (cookie: string): Promise<Tree> => {
    const { values, isNew } = await peer.call('store.load', { ...go(), cookie })
    assert.equal(isNew, false, 'Go found no session')
    const added = pairsOf(values).filter(([key]) => !shared.adds?.includes(key.v as string))
    return { ...values, v: added }
  }
  const assertGone = async (cookie: string): Promise<void> => {
    const here = await load(open(), cookie)
    assert.deepEqual([here.isNew, here.values], [true, {}])
    assert.ok(['unknown-id', 'expired'].includes(String(here.reason)), here.reason)
  }
  const assertGoneInGo = async (cookie: string): Promise<void> => {
    const result = await peer
      .call('store.load', { ...go(), cookie })
      // Some stores return the error of the lookup with the new session.
      .catch(error => error.result)
    assertSameTree(result.values, session({}))
  }
  const assertCart = (actual: object): void => {
    assert.deepEqual(actual, { user: 'Ånn', count: 2 })
    if (!shared.isJson) assertSession(actual, cart)
  }
  const assertInGo = async (cookie: string, values: Tree): Promise<void> => {
    const { diff } = await peer.call('store.compare', {
      ...go(),
      cookie,
      values,
      ignore: shared.adds ?? [],
    })
    assert.equal(diff, undefined)
  }

  test('TypeScript continues a session of Go, and Go continues it again', async () => {
    const saved = await peer.call('store.save', { ...go(), values: cart })
    const here = await visit(open(), saved.value, visited => {
      assert.equal(visited.isNew, false)
      assert.equal(visited.id, saved.id)
      assertCart(visited.values)
      visited.values.seen = true
    })
    assertSameTree(await loaded(here.value), withEntry(cart, 'seen', leaf('bool', true)))
    const updated = await peer.call('store.update', {
      ...go(),
      cookie: here.value,
      delete: [text('user')],
    })
    assert.equal(updated.id, saved.id)
    const back = await load(open(), cookieOf(updated, here.value))
    assert.deepEqual([back.isNew, back.id], [false, saved.id])
    assert.deepEqual(back.values, { count: 2, seen: true })
  })

  test('Go continues a session of TypeScript', async () => {
    const created = await visit(open(), undefined, visited => {
      visited.values.user = 'ann'
    })
    const updated = await peer.call('store.update', {
      ...go(),
      cookie: created.value,
      set: session({ count: number(1) }),
    })
    assert.equal(updated.id, created.session.id)
    const back = await load(open(), cookieOf(updated, created.value))
    assert.deepEqual([back.isNew, back.id], [false, created.session.id])
    assert.deepEqual(back.values, { user: 'ann', count: 1 })
  })

  test('both share flash messages, each read once', async () => {
    const added = await peer.call('flash.add', { ...go(), message: text('from Go') })
    const here = await visit(open(), added.value, visited => visited.addFlash('from TypeScript'))
    const read = await peer.call('flash.read', { ...go(), cookie: here.value })
    assert.deepEqual(read.flashes, [text('from Go'), text('from TypeScript')])
    const cookie = cookieOf(read, here.value)
    assert.deepEqual((await load(open(), cookie)).flashes(), [])
    const more = await peer.call('flash.add', { ...go(), cookie, message: text('again') })
    await visit(open(), cookieOf(more, cookie), visited => {
      assert.deepEqual(visited.flashes(), ['again'])
    })
    const last = await peer.call('flash.read', { ...go(), cookie })
    assert.deepEqual(last.flashes, [])
  })

  const saveInGo = (options?: object): Promise<{ value: string }> =>
    peer.call('store.save', { ...go(), ...options, values: cart })

  test('a session that one side deletes is gone for both', async () => {
    const { value } = await peer.call('store.save', { ...go(), values: cart })
    await visit(open(), value, visited => visited.destroy())
    await assertGoneInGo(value)
    await assertGone(value)

    const created = await visit(open(), undefined, ({ values }) => {
      values.user = 'ann'
    })
    const request = await slowRequest(open(), created.value)
    await peer.call('store.delete', { ...go(), cookie: created.value })
    await assertGone(created.value)
    request.session.values.user = 'bob'
    await assert.doesNotReject(request.save())
    await assertGone(created.value)
    await assertGoneInGo(created.value)
  })

  test('the old id of a session that one side rotates is useless for both', async () => {
    const { value } = await peer.call('store.save', { ...go(), values: cart })
    const rotated = await visit(open(), value, visited => visited.rotate())
    assertSameTree(await loaded(rotated.value), cart)
    await assertGone(value)
    await assertGoneInGo(value)

    const again = await peer.call('store.rotate', { ...go(), cookie: rotated.value })
    const here = await load(open(), again.value)
    assert.deepEqual([here.isNew, here.id], [false, again.id])
    assert.notEqual(again.id, rotated.session.id)
    assertCart(here.values)
    await assertGone(rotated.value)
  })

  test('a slow request of TypeScript loses no change of Go', async () => {
    const { value } = await peer.call('store.save', { ...go(), values: cart })
    const request = await slowRequest(open(), value)
    await peer.call('store.update', { ...go(), cookie: value, set: session({ user: text('Bob') }) })
    request.session.increment('count')
    await request.save()
    assertSameTree(await loaded(value), session({ user: text('Bob'), count: number(3) }))
  })

  test('no increment of 40 concurrent requests is lost', async () => {
    const { value } = await peer.call('store.save', { ...go(), values: session({ n: number(0) }) })
    const increment = (): Promise<unknown> =>
      visit(open(), value, visited => visited.increment('n'))
    await Promise.all(Array.from({ length: 40 }, increment))
    assert.equal((await load(open(), value)).values.n, 40)
    if (shared.losesUpdates) return

    // Go's writes are blind: one may undo an increment, but no increment may undo a write of Go.
    const changes = Array.from({ length: 10 }, (_, index) =>
      peer.call('store.update', {
        ...go(),
        cookie: value,
        set: session({ [`go${index}`]: text('x') }),
      }),
    )
    await Promise.all([...changes, ...Array.from({ length: 20 }, increment)])
    const kept = Object.keys((await load(open(), value)).values).filter(key => /^go/.test(key))
    assert.equal(kept.length, 10)
  })

  test('visitors of Go move to another store, which reads the records or copies of them', async () => {
    const { value } = await saveInGo()
    const sent = { [name]: value }
    const store = open()
    const values = { user: 'Ånn', count: 2 }
    assert.deepEqual(await found(goSession(store), sent, name), values)
    assert.equal(await found(goSession(store), { [name]: `x${value}` }, name), undefined)
    if (shared.cannotList) {
      assert.throws(() => copyGoSessions(store, memory()), /cannot be listed/)
      return
    }

    const brief = { [name]: (await saveInGo({ options: { maxAge: 300 } })).value }
    // More than a page.
    for (let n = 0; n < 110; n++) {
      await visit(store, undefined, ({ values: own }) => {
        own.n = n
      })
    }
    let clock = Date.now() / 1000
    const copies = memory({ now: () => clock })
    let read = 0
    for await (const page of copyGoSessions(store, copies)) read += page.read
    assert.ok(read >= 112, `${read} records were read`)
    await visit(store, value, visited => visited.destroy())
    assert.equal(await found(goSession(store), sent, name), undefined)
    const reader = goSession(store, { copies })
    assert.deepEqual(await found(reader, sent, name), values)
    assert.deepEqual(await found(reader, brief, name), values)
    const target = new ServerStore(memory(), {
      keys: newKeys(32) as Buffer[],
      legacyReaders: [reader],
    })
    const moved = await visit(target, value, visited => {
      visited.values.moved = true
    })
    assert.deepEqual((await load(target, moved.value)).values, { ...values, moved: true })
    clock += 302
    assert.deepEqual(await found(reader, sent, name), values)
    if (!shared.expiresByStore) assert.equal(await found(reader, brief, name), undefined)
  })

  if (shared.isJson) {
    test(`both read ${2 * runs} random sessions of each other as JSON`, async () => {
      const check = fc.asyncProperty(jsonObjects, async values => {
        const tree: Tree = { go: sessionType, v: pairsOf(jsonTree(values)) }
        const saved = await peer.call('store.save', { ...go(), values: tree })
        const updated = await visit(open(), saved.value, visited => {
          assert.deepEqual(visited.values, values)
          visited.values.visits = 1
        })
        await assertInGo(updated.value, withEntry(tree, 'visits', number(1)))
      })
      await fc.assert(check, { numRuns: 2 * runs })
    })
  } else {
    test(`TypeScript reads ${runs} random sessions of Go, and keeps their types when it changes them`, async () => {
      const check = fc.asyncProperty(sessions(2), async tree => {
        const saved = await peer.call('store.save', { ...go(), values: tree })
        const before = await loaded(saved.value)
        const updated = await visit(open(), saved.value, visited => {
          assertSession(visited.values, before)
          visited.values.visits = 1
        })
        assertSameTree(await loaded(updated.value), withEntry(before, 'visits', leaf('int', 1)))
      })
      await fc.assert(check, { numRuns: runs })
    })

    test(`Go reads ${runs} random sessions of TypeScript`, async () => {
      const check = fc.asyncProperty(sessions(2), async tree => {
        const created = await visit(open(), undefined, visited => {
          visited.values = { ...toSession(tree, 'typed'), last: true }
        })
        const expected = withEntry(tree, 'last', leaf('bool', true))
        await assertInGo(created.value, expected)
        assertSession((await load(open(), created.value)).values, expected)
      })
      await fc.assert(check, { numRuns: runs })
    })
  }

  if (shared.expiresByStore) {
    const made = beforeTests(async () => ({
      ended: await saveInGo(),
      savedHere: await saveInGo(),
      savedInGo: await saveInGo(),
    }))

    test('sessions expire for both, by the Max-Age of the store, unless one side saves them', async () => {
      const { ended, savedHere, savedInGo } = await made.afterLifetime()
      await visit(open(), savedHere.value, visited => visited.increment('count'))
      const { value } = await peer.call('store.update', { ...go(), cookie: savedInGo.value })
      const here = await load(open(lifetime), ended.value)
      assert.deepEqual([here.isNew, here.reason], [true, 'expired'])
      const there = peer.call('store.load', { ...go(), maxAge: lifetime, cookie: ended.value })
      await assert.rejects(there, /expired timestamp/)
      assert.deepEqual((await load(open(lifetime), value)).values, { user: 'Ånn', count: 2 })
      const cookie = (await visit(open(), savedHere.value, visited => visited.increment('count')))
        .value
      const { isNew } = await peer.call('store.load', { ...go(), maxAge: lifetime, cookie })
      assert.equal(isNew, false)
    })
  } else testExpiry()

  function testExpiry(): void {
    const made = beforeTests(async () => {
      const briefly = { options: { maxAge: lifetime } }
      const [byGo, extendedHere] = [await saveInGo(briefly), await saveInGo(briefly)]
      const brief = (): ReturnType<typeof visit> =>
        visit(open(lifetime), undefined, visited => void Object.assign(visited.values, { a: 1 }))
      const [byUs, extendedInGo] = [await brief(), await brief()]
      await visit(open(), extendedHere.value, visited => {
        visited.options.maxAge = 500
      })
      await peer.call('store.update', {
        ...go(),
        cookie: extendedInGo.value,
        options: { maxAge: 600 },
        set: session({ b: text('x') }),
      })
      return { byGo, byUs, extendedHere, extendedInGo }
    })

    test('sessions expire for both unless one side extends them', async () => {
      const { byGo, byUs, extendedHere, extendedInGo } = await made.afterLifetime()
      for (const { value } of [byGo, byUs]) {
        await assertGone(value)
        if (!shared.goReadsExpired) await assertGoneInGo(value)
      }
      assertSameTree(await loaded(extendedHere.value), cart)
      assert.equal((await load(open(), extendedHere.value)).isNew, false)
      assertSameTree(await loaded(extendedInGo.value), session({ a: number(1), b: text('x') }))
      assert.deepEqual((await load(open(), extendedInGo.value)).values, { a: 1, b: 'x' })
    })
  }
}

/** A request that has read its session and has not saved it yet. */
async function slowRequest(
  store: SessionStore,
  cookie: string,
): Promise<{ session: Session; save(): Promise<void> }> {
  const request = nodeRequest(`${name}=${cookie}`)
  const read = await store.get(request, name)
  return { session: read, save: () => read.save(request, nodeResponse(request)) }
}

/** Makes sessions before the tests of the suite, so that they expire while the others run. */
function beforeTests<T>(make: () => Promise<T>): { afterLifetime(): Promise<T> } {
  let made: T
  let expiry = 0
  before(async () => {
    made = await make()
    // A store may keep a session for a fraction of a second more.
    expiry = Date.now() + (lifetime + 1.2) * 1000
  })
  return {
    async afterLifetime() {
      await sleep(Math.max(0, expiry - Date.now()))
      return made
    },
  }
}
