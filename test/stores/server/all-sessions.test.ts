import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, type Listable, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { Clock, read, visit } from '../../support/http/visit.ts'
import { keys } from '../../support/keys.ts'

const handlesIn = async (store: ServerStore): Promise<string[]> => {
  const handles: string[] = []
  for await (const { handle } of store.sessions()) handles.push(handle)
  return handles.sort()
}

suite('the sessions of a store', () => {
  const count = 120

  async function open(): Promise<{ store: ServerStore; cookies: string[]; clock: Clock }> {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { keys, now: clock.now })
    const cookies: string[] = []
    for (let index = 0; index < count; index++) {
      cookies.push(await visit(store, session => session.login(`owner ${index}`)))
    }
    return { store, cookies, clock }
  }

  test('are listed with their metadata', async () => {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { now: clock.now, devices: true })
    const cookie = await visit(store, session => {
      session.login('ann')
      session.label = 'phone'
    })
    await visit(store, session => void session.increment('visits'))
    const listed = []
    for await (const info of store.sessions()) listed.push(info)
    const [mine, guest] = listed.sort((a, b) => String(a.owner).localeCompare(String(b.owner)))
    assert.equal(listed.length, 2)
    assert.deepEqual(mine, (await store.sessionsOf('ann'))[0])
    assert.equal(mine?.handle, store.handleOf(await read(store, cookie)))
    assert.deepEqual([guest?.owner, guest?.name, guest?.label], [undefined, 'sid', undefined])
    assert.ok(await store.revoke(guest?.handle as string))
    assert.deepEqual(await handlesIn(store), [mine?.handle])
  })

  test('are each listed once, also long after some were rotated', async () => {
    const { store, cookies, clock } = await open()
    for (const cookie of cookies.slice(0, 30)) {
      await visit(store, session => session.rotate(), cookie)
    }
    clock.at += 1800 // the tombstones are still there
    const handles = await handlesIn(store)
    assert.equal(handles.length, count)
    assert.equal(new Set(handles).size, count)
  })

  test('are all listed although they get new ids meanwhile', async () => {
    const { store, cookies } = await open()
    const owners: (string | undefined)[] = []
    for await (const { owner } of store.sessions()) {
      owners.push(owner)
      const cookie = cookies.pop()
      if (cookie) await visit(store, session => session.rotate(), cookie)
    }
    assert.equal(new Set(owners).size, count)
  })

  test('are not listed after revokeEverything, even if their records are still there', async () => {
    const clock = new Clock()
    const backend = memory({ now: clock.now })
    const store = new ServerStore(backend, { now: clock.now })
    await visit(store, session => session.login('ann'))
    const { all } = backend
    Object.assign(backend, { all: undefined })
    await store.revokeEverything()
    Object.assign(backend, { all })
    assert.deepEqual(await handlesIn(store), [])
  })

  test('are read as the caller iterates', async () => {
    let loads = 0
    const backend = memory()
    const { load } = backend
    const store = new ServerStore(backend)
    for (let index = 0; index < count; index++) {
      await visit(store, (session: Session) => void session.increment('n'))
    }
    Object.assign(backend, {
      load: (...args: Parameters<typeof load>) => {
        loads++
        return load.apply(backend, args)
      },
    })
    for await (const _ of store.sessions()) break
    assert.ok(loads > 0 && loads <= 51, String(loads))
  })

  test('reject with store-failed when the backend fails or the signal is aborted', async () => {
    const { store } = await open()
    const controller = new AbortController()
    await assert.rejects(
      async () => {
        for await (const _ of store.sessions({ signal: controller.signal })) controller.abort()
      },
      { code: 'store-failed' },
    )
    const failing = new ServerStore({
      ...(memory() as Backend),
      load: () => Promise.resolve(undefined),
      // biome-ignore lint/correctness/useYield: it fails before it yields
      async *all() {
        throw new Error('lost')
      },
    } as Backend & Listable)
    await assert.rejects(handlesIn(failing), { code: 'store-failed', message: /all: lost/ })
  })

  test('cannot be listed by a backend without a list, which the capabilities say', () => {
    const { all: _, ...backend } = Object.assign(Object.create(null), memory())
    const methods = { ...backend, load: async () => undefined } as Backend
    const store = new ServerStore(methods)
    assert.equal(store.capabilities.has('enumeration'), false)
    assert.equal(new ServerStore(memory()).capabilities.has('enumeration'), true)
    assert.throws(() => store.sessions(), { name: 'TypeError', message: /cannot list its records/ })
  })
})
