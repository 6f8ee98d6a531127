/** Ending all sessions of an owner is complete, whatever runs at the same time. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, CookieStore, type OwnerIndex, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

/** A backend that lists the owner's records, lets `during` run, and deletes them one by one. */
function listThenDelete(during: () => Promise<void>): Backend & OwnerIndex {
  const backend = memory()
  let isFirst = true
  const deleteOwner: OwnerIndex['deleteOwner'] = async (owner, { except = [] } = {}) => {
    const listed = (await backend.ofOwner(owner)).filter(id => !except.includes(id))
    if (isFirst) {
      isFirst = false
      await during()
    }
    // As a statement that waited for the lock of a row, and found that it is another owner's now.
    const found = await Promise.all(
      listed.map(async id => ((await backend.load(id))?.owner ? id : [])),
    )
    const doomed = found.flat()
    for (const id of doomed) await backend.delete(id)
    return doomed.length
  }
  return {
    load: (...args) => backend.load(...args),
    create: (...args) => backend.create(...args),
    update: (...args) => backend.update(...args),
    touch: (...args) => backend.touch(...args),
    delete: (...args) => backend.delete(...args),
    ofOwner: (...args) => backend.ofOwner(...args),
    deleteOwner,
  }
}

const login = (session: Session): void => session.login('ann')

suite('revokeAll ends', () => {
  const concurrent: Record<string, (store: ServerStore, cookie: string) => Promise<string>> = {
    'a session that is rotated meanwhile': (store, cookie) =>
      visit(store, session => session.rotate(), cookie),
    'a session that is rotated twice meanwhile': async (store, cookie) => {
      const rotated = await visit(store, session => session.rotate(), cookie)
      return visit(store, session => session.rotate(), rotated || cookie)
    },
    'a sign-in meanwhile': store => visit(store, login),
    'a guest who signs in meanwhile': async store => {
      const guest = await visit(store, session => {
        session.values.cart = 1
      })
      return visit(store, login, guest)
    },
    'a session that changes its owner meanwhile': async store => {
      const other = await visit(store, session => session.login('bob'))
      await visit(
        store,
        session => {
          session.owner = 'ann'
        },
        other,
      )
      return other
    },
  }
  for (const [what, act] of Object.entries(concurrent)) {
    test(what, async () => {
      let latest = ''
      const backend = listThenDelete(async () => {
        latest = await act(store, cookie)
      })
      const store = new ServerStore(backend)
      const cookie = await visit(store, login)
      await store.revokeAll('ann')
      assert.deepEqual(await store.sessionsOf('ann'), [])
      for (const each of [cookie, latest].filter(Boolean)) {
        assert.equal((await read(store, each)).owner, undefined)
      }
    })
  }

  test('a rotation that has stored its new record, and not yet left the old one', async () => {
    const backend = memory()
    let pause: Promise<void> | undefined
    let created = (): void => {}
    const slow: Backend & OwnerIndex = {
      ...listThenDelete(async () => {}),
      load: (...args) => backend.load(...args),
      async create(...args) {
        const result = await backend.create(...args)
        created()
        await pause
        return result
      },
      update: (...args) => backend.update(...args),
      touch: (...args) => backend.touch(...args),
      delete: (...args) => backend.delete(...args),
      ofOwner: (...args) => backend.ofOwner(...args),
      deleteOwner: (...args) => backend.deleteOwner(...args),
    }
    const store = new ServerStore(slow)
    const cookie = await visit(store, login)
    let go = (): void => {}
    pause = new Promise(resolve => {
      go = resolve
    })
    const isCreated = new Promise<void>(resolve => {
      created = resolve
    })
    const rotating = visit(store, session => session.rotate(), cookie)
    await isCreated
    await new ServerStore(backend).revokeAll('ann')
    go()
    const rotated = await rotating
    assert.deepEqual(await store.sessionsOf('ann'), [])
    assert.equal((await read(store, rotated || cookie)).owner, undefined)
  })
})

test('a sign-in after revokeEverything was acknowledged counts, also in another process', async () => {
  const backend = memory()
  const [here, there] = [new ServerStore(backend), new ServerStore(backend)]
  // The other process has read the epoch within the last second.
  await read(there, await visit(there, login))
  await here.revokeEverything()
  const cookie = await visit(there, login)
  assert.equal((await read(here, cookie)).owner, 'ann')
  assert.equal((await read(there, cookie)).owner, 'ann')
})

suite('an owner or a handle that is undefined by mistake', () => {
  const server = () => new ServerStore(memory())
  const cookie = () => new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }) })
  for (const wrong of [undefined, null, '', {}, 42, 'a\ud800'] as never[]) {
    test(`${JSON.stringify(wrong)} is refused`, async () => {
      for (const store of [server(), cookie()]) {
        await assert.rejects(store.revokeAll(wrong), {
          name: 'TypeError',
          message: /^owner must be/,
        })
      }
      await assert.rejects(server().sessionsOf(wrong), TypeError)
      const handle = 'x'.repeat(43)
      await assert.rejects(server().revoke(handle, { owner: wrong }), TypeError)
    })
  }

  test('a handle that is not a string is refused, a malformed one is not found', async () => {
    await assert.rejects(server().revoke(undefined as never), {
      name: 'TypeError',
      message: 'handle must be a string, not undefined',
    })
    assert.equal(await server().revoke('nonsense'), false)
  })
})

suite('a cookie store with revocation', () => {
  for (const [what, end] of Object.entries<(session: Session) => void>({
    rotated: session => session.rotate(),
    destroyed: session => session.destroy(),
    'signed in as somebody else': session => session.login('bob'),
  })) {
    test(`a sign-in counts although the session is ${what} meanwhile`, async () => {
      const store = new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }) })
      const guest = await visit(store, session => session.login('ann'))
      const slow = await Visit.open(store, guest)
      await visit(store, end, guest)
      slow.session.login('eve')
      assert.equal((await read(store, await slow.save())).owner, 'eve')
    })
  }
})
