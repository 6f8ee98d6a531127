import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { CookieStore, FilesystemStore, ServerStore, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { unixSeconds } from '../../src/lib/clock.ts'
import { keys } from '../support/keys.ts'

const folder = await mkdtemp(join(tmpdir(), 'silverback-'))
after(() => rm(folder, { recursive: true }))

const wrongTimes = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

suite('the lifetime of a session', () => {
  let now = unixSeconds
  const clock = { keys, now: () => now() }
  const stores: Record<string, Store> = {
    CookieStore: new CookieStore(clock),
    FilesystemStore: new FilesystemStore(folder, clock),
    // The clock of the backend is right.
    ServerStore: new ServerStore(memory(), clock),
  }
  for (const [name, store] of Object.entries(stores)) {
    for (const wrong of wrongTimes) {
      test(`${name}: a session is not valid while the clock returns ${wrong}`, async () => {
        now = unixSeconds
        const response = new Response()
        const request = new Request('https://example.com')
        const session = await store.get(request, 'login')
        session.values.user = 'ann'
        await session.save(request, response)
        const [line = ''] = response.headers.getSetCookie()
        const headers = { cookie: line.split(';')[0] as string }
        assert.equal((await store.get({ headers }, 'login')).values.user, 'ann')
        now = () => wrong
        const read = await store.get({ headers: { ...headers } }, 'login')
        assert.deepEqual(read.values, {})
        assert.match(String(read.reason), /^(expired|too-new)$/)
      })
    }
  }
})
