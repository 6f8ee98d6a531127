/** Tests of `watch()` that run with every pub/sub. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backend, Listable, OwnerIndex, ServerStore, Session } from 'silverback'
import { memory } from 'silverback/memory'
import { cookieHeader, nodeRequest, nodeResponse } from '../../support/http/http.ts'

type FullBackend = Backend & OwnerIndex & Listable

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

/** Returns a listener that counts its calls, and a promise that resolves at the first call. */
export function listening(): { calls: () => number; called: Promise<void>; listener: () => void } {
  let calls = 0
  let resolveCalled: () => void
  const called = new Promise<void>(resolve => {
    resolveCalled = resolve
  })
  const listener = (): void => {
    calls++
    resolveCalled()
  }
  return { calls: () => calls, called, listener }
}

export const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50))

/** Registers the tests: one of two stores watches a session that the other one ends. */
export function watching(open: (backend: FullBackend) => [ServerStore, ServerStore]): void {
  const endings: Record<string, (store: ServerStore, cookie: string) => Promise<unknown>> = {
    destroy: (store, cookie) => change(store, session => session.destroy(), cookie),
    revoke: async (store, cookie) =>
      store.revoke(store.handleOf(await read(store, cookie)) as string),
    revokeAll: store => store.revokeAll('ann'),
    revokeEverything: store => store.revokeEverything(),
    login: (store, cookie) => change(store, session => session.login('bob'), cookie),
  }
  for (const [how, end] of Object.entries(endings)) {
    test(`${how} calls the listener once`, async () => {
      const [here, there] = open(memory())
      const cookie = await signIn(here)
      const { calls, called, listener } = listening()
      await here.watch(await read(here, cookie), listener)
      await end(there, cookie)
      await called
      await there.revokeEverything()
      await soon()
      assert.equal(calls(), 1)
    })
  }

  test('does not call the listeners of other sessions and of the excepted one', async () => {
    const [here, there] = open(memory())
    const [mine, other, bobs] = [await signIn(here), await signIn(here), await signIn(here, 'bob')]
    const spared = listening()
    const ended = listening()
    await here.watch(await read(here, mine), spared.listener)
    await here.watch(await read(here, bobs), spared.listener)
    await here.watch(await read(here, other), ended.listener)
    await there.revokeAll('ann', { except: await read(there, mine) })
    await ended.called
    await soon()
    assert.equal(spared.calls(), 0)
  })

  test('watches all sessions of an owner', async () => {
    const [here, there] = open(memory())
    const { called, listener } = listening()
    await here.watch('ann', listener)
    await there.revokeAll('ann')
    await called
  })

  test('keeps watching a session after a rotation', async () => {
    const [here, there] = open(memory())
    const cookie = await signIn(here)
    const { calls, called, listener } = listening()
    await here.watch(await read(here, cookie), listener)
    const rotated = await change(there, session => session.rotate(), cookie)
    await soon()
    assert.equal(calls(), 0)
    await change(there, session => session.destroy(), rotated)
    await called
  })

  test('does not call a listener that was removed', async () => {
    const [here, there] = open(memory())
    const { calls, listener } = listening()
    const stop = await here.watch('ann', listener)
    await stop()
    await there.revokeAll('ann')
    await soon()
    assert.equal(calls(), 0)
  })
}
