import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  type Backend,
  CookieStore,
  defineSession,
  FilesystemStore,
  ServerStore,
  Session,
  type Store,
} from 'silverback'
import { memory } from 'silverback/memory'
import { z } from 'zod'
import { nodeRequest } from '../support/http/http.ts'
import { Clock, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const ended = { code: 'session-ended' }

suite('reload in a server store', () => {
  test('follows a session to the id that another request has given it', async () => {
    for (const call of ['rotate', 'elevate'] as const) {
      const store = new ServerStore(memory())
      const cookie = await visit(store, put({ a: 1 }))
      const slow = await Visit.open(store, cookie)
      const next = await visit(
        store,
        session => {
          session.values.a = 2
          session[call]()
        },
        cookie,
      )
      await slow.session.reload()
      assert.deepEqual(slow.session.values, { a: 2 })
      slow.session.increment('a')
      // The cookie of the session is that of the other request.
      assert.equal(await slow.save(), '')
      assert.equal((await read(store, next)).values.a, 3)
      assert.equal((await read(store, cookie)).reason, 'unknown-id')
    }
  })

  test('elevates no session again that another request has elevated', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ a: 1 }))
    const slow = await Visit.open(store, cookie)
    const next = await visit(store, session => session.elevate(), cookie)
    await slow.session.reload()
    slow.session.elevate()
    assert.equal(await slow.save(), '')
    assert.equal((await read(store, next)).isNew, false)
  })

  test('rejects after a sign-in elsewhere, a revocation and an expiry', async () => {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
    const endings: ((cookie: string) => unknown)[] = [
      cookie => visit(store, session => session.login('ann'), cookie),
      () => store.revokeAll('ann'),
      () => store.revokeEverything(),
      () => Object.assign(clock, { at: clock.at + 86_400 }),
    ]
    for (const end of endings) {
      const cookie = await visit(store, session => session.login('ann'))
      const slow = await Visit.open(store, cookie)
      await end(cookie)
      await assert.rejects(slow.session.reload(), ended)
      const { session } = slow
      assert.deepEqual([session.owner, session.values], [undefined, {}])
      assert.equal(session.reason, 'unknown-id')
      put({ a: 1 })(session)
      assert.equal(await slow.save(), '')
    }
  })

  test('asks the backend instead of a read cache', async () => {
    const store = new ServerStore(memory(), { keys, cookieCache: { maxAge: 60 } })
    const cookie = await visit(store, put({ a: 1 }))
    const slow = await Visit.open(store, cookie)
    assert.equal(slow.session.isCopy, true)
    await visit(store, put({ a: 2 }), cookie)
    await slow.session.reload()
    assert.deepEqual([slow.session.values, slow.session.isCopy], [{ a: 2 }, false])
  })

  test('changes nothing if the backend fails', async () => {
    for (const onStoreFailure of ['throw', 'anonymous'] as const) {
      const backend = memory()
      const store = new ServerStore(backend, { onStoreFailure })
      const cookie = await visit(store, session => session.login('ann'))
      const slow = await Visit.open(store, cookie)
      put({ a: 1 })(slow.session)
      const { load } = backend
      backend.load = () => Promise.reject(new Error('down'))
      await assert.rejects(slow.session.reload(), { code: 'store-failed' })
      backend.load = load
      assert.deepEqual([slow.session.values, slow.session.owner], [{ a: 1 }, 'ann'])
      await slow.save()
      assert.deepEqual((await read(store, cookie)).values, { a: 1 })
    }
  })

  test('stays read-only under an id from before a rotation', async () => {
    const store = new ServerStore(memory(), { rotation: { grace: 60 } })
    const cookie = await visit(store, put({ a: 1 }))
    await visit(store, session => session.rotate(), cookie)
    const { session } = await Visit.open(store, cookie)
    await session.reload()
    assert.deepEqual([session.isReadOnly, session.values], [true, { a: 1 }])
  })
})

test('reload applies the definition of the session again', async () => {
  const clock = new Clock()
  const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
  const login = defineSession(store, 'sid', {
    schema: z.object({ visits: z.number().default(5), code: z.string().optional() }),
    keyLifetimes: { code: 60 },
  })
  const cookie = await visit(store, put({ code: 'x' }))
  const slow = await Visit.open(login.store, cookie)
  put({ visits: 7 })(slow.session)
  clock.at += 60
  await slow.session.reload()
  const { visits, code } = slow.session.values
  assert.deepEqual([visits, code], [5, undefined])
})

test('reload reads the file of a filesystem store again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-'))
  try {
    const store = new FilesystemStore(folder, { keys })
    const cookie = await visit(store, put({ a: 1 }))
    const slow = await Visit.open(store, cookie)
    await visit(store, put({ a: 2 }), cookie)
    await slow.session.reload()
    assert.deepEqual(slow.session.values, { a: 2 })
    await visit(store, session => session.destroy(), cookie)
    await assert.rejects(slow.session.reload(), ended)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('reload of a cookie store opens the cookie again that the session came from', async () => {
  const store = new CookieStore({ keys })
  const cookie = await visit(store, put({ a: 1 }))
  // A cookie of another application comes first.
  const slow = await Visit.open(store, `sid=other; ${cookie}`)
  put({ a: 2 })(slow.session)
  await slow.session.reload()
  assert.deepEqual(slow.session.values, { a: 1 })
})

test('reload does not open a cookie again that this request has deleted', async () => {
  const store = new CookieStore({ keys })
  const slow = await Visit.open(store, await visit(store, put({ a: 1 })))
  slow.session.options.maxAge = 0
  await slow.save()
  await assert.rejects(slow.session.reload(), ended)
})

test('reload rejects for sessions that no store has read, and in stores that cannot', async () => {
  const byHand = new Session(new CookieStore({ keys }), 'sid', { options: {} })
  await assert.rejects(byHand.reload(), { name: 'TypeError', message: /read by a store/ })
  const store = { save: () => undefined } satisfies Pick<Store, 'save'>
  const elsewhere = new Session(store, 'sid', { options: {} })
  await assert.rejects(elsewhere.reload(), { name: 'TypeError', message: /cannot reload/ })
})

test('reload waits for a save that was not awaited', async () => {
  let release = (): void => undefined
  const backend: Backend = memory()
  const { update } = backend
  const store = new ServerStore(backend)
  const slow = await Visit.open(store, await visit(store, put({ a: 1 })))
  backend.update = async (...args) => {
    await new Promise<void>(resolve => {
      release = resolve
    })
    return update.apply(backend, args)
  }
  put({ a: 2 })(slow.session)
  const saving = slow.save()
  put({ a: 3 })(slow.session)
  const reloading = slow.session.reload()
  release()
  await Promise.all([saving, reloading])
  assert.deepEqual(slow.session.values, { a: 2 })
  assert.deepEqual((await store.new(nodeRequest(), 'sid')).values, {})
})
