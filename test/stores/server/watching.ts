/** What watchers of sessions see, whatever carries the notices. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backend, Listable, OwnerIndex, ServerStore, Session } from 'silverback'
import { memory } from 'silverback/memory'
import { cookieHeader, nodeRequest, nodeResponse } from '../../support/http/http.ts'

type Keeping = Backend & OwnerIndex & Listable

export async function signIn(store: ServerStore, owner = 'ann'): Promise<string> {
  return change(store, session => session.login(owner))
}

export async function change(
  store: ServerStore,
  act: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const response = nodeResponse()
  const session = await store.new(nodeRequest(cookie), 'sid')
  act(session)
  await session.save(nodeRequest(cookie), response)
  return cookieHeader(response) || (cookie ?? '')
}

export const read = (store: ServerStore, cookie: string): Promise<Session> =>
  store.new(nodeRequest(cookie), 'sid')

/** A listener that counts, and a promise of its first call. */
export function listening(): { calls: () => number; heard: Promise<void>; listener: () => void } {
  let calls = 0
  let hear: () => void
  const heard = new Promise<void>(resolve => {
    hear = resolve
  })
  const listener = (): void => {
    calls++
    hear()
  }
  return { calls: () => calls, heard, listener }
}

export const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50))

/** What two processes do: a socket is open in one, its session ends in the other. */
export function watching(open: (backend: Keeping) => [ServerStore, ServerStore]): void {
  const endings: Record<string, (store: ServerStore, cookie: string) => Promise<unknown>> = {
    destroy: (store, cookie) => change(store, session => session.destroy(), cookie),
    revoke: async (store, cookie) =>
      store.revoke(store.handleOf(await read(store, cookie)) as string),
    revokeAll: store => store.revokeAll('ann'),
    revokeEverything: store => store.revokeEverything(),
    'a sign-in in its place': (store, cookie) =>
      change(store, session => session.login('bob'), cookie),
  }
  for (const [how, end] of Object.entries(endings)) {
    test(`${how} is told of, once`, async () => {
      const [here, there] = open(memory())
      const cookie = await signIn(here)
      const { calls, heard, listener } = listening()
      await here.watch(await read(here, cookie), listener)
      await end(there, cookie)
      await heard
      await there.revokeEverything()
      await soon()
      assert.equal(calls(), 1)
    })
  }

  test('other sessions, and the one that is spared, hear nothing', async () => {
    const [here, there] = open(memory())
    const [mine, other, bobs] = [await signIn(here), await signIn(here), await signIn(here, 'bob')]
    const silent = listening()
    const loud = listening()
    await here.watch(await read(here, mine), silent.listener)
    await here.watch(await read(here, bobs), silent.listener)
    await here.watch(await read(here, other), loud.listener)
    await there.revokeAll('ann', { except: await read(there, mine) })
    await loud.heard
    await soon()
    assert.equal(silent.calls(), 0)
  })

  test('an owner is watched, whatever the session', async () => {
    const [here, there] = open(memory())
    const { heard, listener } = listening()
    await here.watch('ann', listener)
    await there.revokeAll('ann')
    await heard
  })

  test('a session is watched under its new id after a rotation', async () => {
    const [here, there] = open(memory())
    const cookie = await signIn(here)
    const { calls, heard, listener } = listening()
    await here.watch(await read(here, cookie), listener)
    const rotated = await change(there, session => session.rotate(), cookie)
    await soon()
    assert.equal(calls(), 0)
    await change(there, session => session.destroy(), rotated)
    await heard
  })

  test('who stops hears nothing', async () => {
    const [here, there] = open(memory())
    const { calls, listener } = listening()
    const stop = await here.watch('ann', listener)
    await stop()
    await there.revokeAll('ann')
    await soon()
    assert.equal(calls(), 0)
  })
}
