/** What docs/production.md promises of key rotation and of restored backups. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { CookieStore, ServerStore, type Store } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { CookieJar } from 'silverback/testing'

const url = 'https://shop.example/'

/** Sends a request that signs in, changes the session or reads it. Resolves to its owner. */
async function visit(
  store: Store,
  jar: CookieJar,
  action: 'sign in' | 'sign out' | 'change' | 'read' = 'read',
): Promise<string | undefined> {
  const request = new Request(url, { headers: { cookie: jar.header(url) } })
  const session = await store.get<{ visits: number }>(request, 'login')
  const { owner } = session
  if (action === 'sign in') session.login('ann')
  if (action === 'sign out') session.destroy()
  if (action === 'change') session.increment('visits')
  const response = new Response()
  await session.save(request, response)
  jar.receive(response, url)
  return owner
}

suite('production: rotating keys in three deployments', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const deployments = [[older], [older, newer], [newer, older], [newer]]

  for (const [index, keys] of deployments.entries()) {
    const before = deployments[index - 1]
    if (!before) continue
    test(`deployment ${index} signs nobody out while both releases run`, async () => {
      const [oldRelease, newRelease] = [before, keys].map(keys => new CookieStore({ keys }))
      // In the last deployment, sessions of the old key have expired or moved to the new one.
      const jar = new CookieJar()
      await visit(oldRelease as Store, jar, 'sign in')
      for (const release of [newRelease, oldRelease, newRelease, oldRelease]) {
        assert.equal(await visit(release as Store, jar, 'change'), 'ann')
      }
    })
  }

  test('one deployment instead signs visitors out', async () => {
    const jar = new CookieJar()
    await visit(new CookieStore({ keys: [newer, older] }), jar, 'sign in')
    assert.equal(await visit(new CookieStore({ keys: [older] }), jar), undefined)
  })
})

suite('production: backups', () => {
  test('a restored backup brings an ended session back, until revokeEverything', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'restored-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const [live, backup] = [join(folder, 'live'), join(folder, 'backup')]
    const jar = new CookieJar()
    await visit(new ServerStore(filesystem(live)), jar, 'sign in')
    const cookie = jar.header(url)
    const copy = (): CookieJar => new CookieJar({ origin: url }).add(cookie)
    cpSync(live, backup, { recursive: true })
    await visit(new ServerStore(filesystem(live)), jar, 'sign out')
    assert.equal(await visit(new ServerStore(filesystem(live)), copy()), undefined)

    rmSync(live, { recursive: true })
    cpSync(backup, live, { recursive: true })
    const restored = new ServerStore(filesystem(live))
    assert.equal(await visit(restored, copy()), 'ann')
    await restored.revokeEverything()
    assert.equal(await visit(restored, copy()), undefined)
  })
})
