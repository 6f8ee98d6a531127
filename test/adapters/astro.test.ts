import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerStore, type Session } from 'silverback'
import { sessions } from 'silverback/astro'
import { memory } from 'silverback/memory'

test('does not share sessions between requests that share a locals object', async () => {
  const onRequest = sessions({ store: new ServerStore(memory()), name: 'login' })
  const locals: { session?: Session } = {}
  const sessionOf = async (during: () => Promise<unknown>): Promise<Session | undefined> => {
    const request = new Request('http://localhost')
    const context = {
      request,
      url: new URL(request.url),
      cookies: {},
      locals,
      isPrerendered: false,
    }
    let session: Session | undefined
    await onRequest(context, async () => {
      session = locals.session
      await during()
      return new Response()
    })
    return session
  }
  const first = await sessionOf(async () => undefined)
  assert.notEqual(await sessionOf(async () => undefined), first)
  // The same for concurrent requests: the second arrives while the first waits.
  let arrived = (): void => undefined
  const waiting = new Promise<void>(resolve => {
    arrived = resolve
  })
  let leave = (): void => undefined
  const done = new Promise<void>(resolve => {
    leave = resolve
  })
  const slow = sessionOf(async () => {
    arrived()
    await done
  })
  await waiting
  const other = await sessionOf(async () => undefined)
  leave()
  assert.notEqual(await slow, other)
})
