import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { filesystemStore, type GorillaFilesystemStore } from 'silverback/gorilla'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'
import { PeerError, usePeer } from './peer.ts'
import { assertSameTree, assertSession, leaf, session, type Tree, text, withEntry } from './tree.ts'
import { hexKeys, load, name, newKeys, visit } from './visit.ts'

const cart = session({ user: text('Ånn'), count: leaf('int64', 2) })

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

/** A folder, and the settings with which each side uses it. */
interface Shared {
  store: GorillaFilesystemStore
  go: { name: string; dir: string; keyPairs: (string | null)[] }
  dir: string
}

async function share(...lengths: number[]): Promise<Shared> {
  const dir = await mkdtemp(join(tmpdir(), 'silverback-'))
  folders.push(dir)
  const keys = newKeys(...lengths)
  return {
    store: filesystemStore(dir, ...keys),
    go: { name, dir, keyPairs: hexKeys(keys) },
    dir,
  }
}

suite('a folder of sessions shared with Go', needs('go'), () => {
  const peer = usePeer()

  const pairs: Record<string, number[]> = {
    signed: [32],
    encrypted: [64, 32],
    rotated: [32, 16, 64],
  }
  for (const [title, lengths] of Object.entries(pairs)) {
    test(`${title}: one session, written by both in turn, keeps its id and file`, async () => {
      const { store, go, dir } = await share(...lengths)
      const saved = await peer.call('fs.save', { ...go, values: cart })
      const here = await visit(store, saved.value, visited => {
        assert.equal(visited.isNew, false)
        assert.equal(visited.id, saved.id)
        assertSession(visited.values, cart)
        visited.values.seen = true
      })
      const there = await peer.call('fs.load', { ...go, cookie: here.value })
      assert.equal(there.isNew, false)
      assert.equal(there.id, saved.id)
      assertSameTree(there.values, withEntry(cart, 'seen', leaf('bool', true)))

      const updated = await peer.call('fs.update', {
        ...go,
        cookie: here.value,
        delete: [text('user')],
      })
      assert.equal(updated.id, saved.id)
      const back = await load(store, updated.value)
      assert.equal(back.id, saved.id)
      assert.deepEqual(back.values, { count: 2, seen: true })
      assert.deepEqual(await readdir(dir), [`session_${saved.id}`])
    })
  }

  test('a session begun here is continued by Go', async () => {
    const { store, go, dir } = await share(32, 32)
    const begun = await visit(store, undefined, visited => {
      assert.equal(visited.isNew, true)
      visited.values.user = 'ann'
    })
    const updated = await peer.call('fs.update', {
      ...go,
      cookie: begun.value,
      set: session({ count: leaf('int', 1) }),
    })
    assert.equal(updated.id, begun.session.id)
    assert.equal(updated.file, join(dir, `session_${begun.session.id}`))
    const back = await load(store, updated.value)
    assert.deepEqual([back.isNew, back.id], [false, begun.session.id])
    assert.deepEqual(back.values, { user: 'ann', count: 1 })
  })

  test('a session ended by Go is gone here, and is not brought back', async () => {
    const { store, go, dir } = await share(32, 32)
    const begun = await visit(store, undefined, ({ values }) => {
      values.user = 'ann'
    })
    const request = nodeRequest(`${name}=${begun.value}`)
    const response = nodeResponse(request)
    const held = await store.get(request, name)
    const ended = await peer.call('fs.delete', { ...go, cookie: begun.value })
    assert.match(ended.setCookie, /Max-Age=0/)
    assert.deepEqual(await readdir(dir), [])

    await held.save(request, response)
    assert.deepEqual(setCookieLines(response), [])
    assert.deepEqual(await readdir(dir), [])
    const next = await load(store, begun.value)
    assert.deepEqual([next.isNew, next.reason, next.id], [true, 'unknown-id', undefined])
    assert.deepEqual(next.values, {})
  })

  test('a session ended here is gone in Go', async () => {
    const { store, go } = await share(32, 32)
    const saved = await peer.call('fs.save', { ...go, values: cart })
    assert.ok(existsSync(saved.file as string))
    await visit(store, saved.value, ({ options }) => {
      options.maxAge = -1
    })
    assert.ok(!existsSync(saved.file as string))
    await assert.rejects(peer.call('fs.load', { ...go, cookie: saved.value }), error => {
      assert.ok(error instanceof PeerError)
      const { isNew, values } = error.result as { isNew: boolean; values: Tree }
      assert.equal(isNew, true)
      assertSameTree(values, session({}))
      return true
    })
  })

  test('the cookie of a file is no session of a cookie store', async () => {
    const { store, go } = await share(32)
    const { dir, ...cookies } = go
    const saved = await peer.call('cookie.save', { ...cookies, values: cart })
    const here = await load(store, saved.value)
    assert.deepEqual([here.isNew, here.reason], [true, 'malformed'])
    assert.deepEqual(await readdir(dir), [])
  })

  test('a file is no larger than 4096 characters, unless both allow more', async () => {
    const { store, go } = await share(32)
    const long = session({ long: text('x'.repeat(5000)) })
    await assert.rejects(peer.call('fs.save', { ...go, values: long }), /too long/)
    const write = (): Promise<unknown> =>
      visit(store, undefined, ({ values }) => {
        values.long = 'x'.repeat(5000)
      })
    await assert.rejects(write(), /too long/)

    store.maxLength(0)
    const saved = await peer.call('fs.save', { ...go, maxLength: 0, values: long })
    assert.deepEqual((await load(store, saved.value)).values, { long: 'x'.repeat(5000) })
  })

  for (const key of [undefined, 'notice']) {
    const title = key === undefined ? 'the usual list' : 'a list of its own'
    test(`flash messages in ${title} are added by one and read by the other, once`, async () => {
      const { store, go } = await share(32, 32)
      const added = await peer.call('flash.add', { ...go, key, message: text('from Go') })
      const here = await visit(store, added.value, visited => {
        visited.addFlash('from TypeScript', key)
        visited.values.user = 'ann'
      })
      const read = await peer.call('flash.read', { ...go, key, cookie: here.value })
      assert.deepEqual(read.flashes, [text('from Go'), text('from TypeScript')])
      const again = await peer.call('flash.read', { ...go, key, cookie: read.value })
      assert.deepEqual(again.flashes, [])

      const next = await peer.call('flash.add', {
        ...go,
        key,
        cookie: again.value,
        message: text('again'),
      })
      await visit(store, next.value, visited => {
        assert.deepEqual(visited.flashes(key), ['again'])
      })
      const last = await load(store, next.value)
      assert.deepEqual(last.flashes(key), [])
      assert.deepEqual(last.values, { user: 'ann' })
    })
  }

  test('a form that is kept here loads there without a type to register', async () => {
    const { store, go } = await share(32, 32)
    const here = await visit(store, undefined, visited => {
      visited.flashInput({ email: 'ann@x.example' })
      visited.flashErrors({ email: 'is taken' })
    })
    const there = await peer.call('flash.read', { ...go, key: '_input', cookie: here.value })
    assert.deepEqual(there.flashes, [text('email'), text('ann@x.example')])
    const last = await load(store, there.value)
    assert.equal(last.oldInput('email'), undefined)
    assert.deepEqual(last.fieldErrors('email'), ['is taken'])
  })
})
