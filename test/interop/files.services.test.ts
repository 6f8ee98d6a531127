import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, mock, suite, test } from 'node:test'
import { filesystemStore, type GorillaFilesystemStore } from 'silverback/gorilla'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'
import { PeerError, usePeer } from './peer.ts'
import { assertSameTree, assertSession, leaf, session, type Tree, text, withEntry } from './tree.ts'
import { hexKeys, load, name, newKeys, visit } from './visit.ts'

const cart = session({ user: text('Ånn'), count: leaf('int64', 2) })

const folders: string[] = []
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))))

/** A folder, and the settings with which each program uses it. */
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
    test(`keeps the id and file of a session that both programs write: ${title}`, async () => {
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

  test('continues in Go a session that TypeScript created', async () => {
    const { store, go, dir } = await share(32, 32)
    const created = await visit(store, undefined, visited => {
      assert.equal(visited.isNew, true)
      visited.values.user = 'ann'
    })
    const updated = await peer.call('fs.update', {
      ...go,
      cookie: created.value,
      set: session({ count: leaf('int', 1) }),
    })
    assert.equal(updated.id, created.session.id)
    assert.equal(updated.file, join(dir, `session_${created.session.id}`))
    const back = await load(store, updated.value)
    assert.deepEqual([back.isNew, back.id], [false, created.session.id])
    assert.deepEqual(back.values, { user: 'ann', count: 1 })
  })

  test('does not resurrect a session that Go deleted', async () => {
    const { store, go, dir } = await share(32, 32)
    const created = await visit(store, undefined, ({ values }) => {
      values.user = 'ann'
    })
    const request = nodeRequest(`${name}=${created.value}`)
    const response = nodeResponse(request)
    const held = await store.get(request, name)
    const deleted = await peer.call('fs.delete', { ...go, cookie: created.value })
    assert.match(deleted.setCookie, /Max-Age=0/)
    assert.deepEqual(await readdir(dir), [])

    await held.save(request, response)
    assert.deepEqual(setCookieLines(response), [])
    assert.deepEqual(await readdir(dir), [])
    const next = await load(store, created.value)
    assert.deepEqual([next.isNew, next.reason, next.id], [true, 'unknown-id', undefined])
    assert.deepEqual(next.values, {})
  })

  test('deletes a session for Go too', async () => {
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

  for (const [title, damage] of [
    ['empty', () => ''],
    ['cut off', (content: string) => content.slice(0, 50)],
  ] as const) {
    test(`keeps the id of a session whose file is ${title}, as Go does`, async () => {
      const { store, go } = await share(32, 32)
      const saved = await peer.call('fs.save', { ...go, values: cart })
      const path = saved.file as string
      const content = await readFile(path, 'utf8')
      await writeFile(path, damage(content))

      await assert.rejects(peer.call('fs.load', { ...go, cookie: saved.value }), error => {
        const { isNew, id } = (error as PeerError).result as { isNew: boolean; id: string }
        assert.deepEqual([isNew, id], [true, saved.id])
        return true
      })
      const request = nodeRequest(`${name}=${saved.value}`)
      const response = nodeResponse(request)
      const held = await store.get(request, name)
      assert.deepEqual([held.isNew, held.id], [true, saved.id])
      assert.match(String(held.reason), /malformed|bad-mac/)
      await held.save(request, response)
      assert.deepEqual(setCookieLines(response), [])
      assert.equal(await readFile(path, 'utf8'), damage(content))

      await writeFile(path, content)
      assertSession((await load(store, saved.value)).values, cart)

      await writeFile(path, damage(content))
      const changed = await visit(store, saved.value, ({ values }) => {
        values.user = 'ann'
      })
      assert.equal(changed.session.id, saved.id)
      const there = await peer.call('fs.load', { ...go, cookie: saved.value })
      assertSameTree(there.values, session({ user: text('ann') }))
    })
  }

  test('reads a file again that Go has truncated and not written yet', async () => {
    const { store, go } = await share(32, 32)
    const saved = await peer.call('fs.save', { ...go, values: cart })
    const path = saved.file as string
    const content = await readFile(path, 'utf8')
    await writeFile(path, '')
    const wait = globalThis.setTimeout
    const timeout = mock.method(globalThis, 'setTimeout', (resume: () => void, ms: number) => {
      writeFileSync(path, content)
      return wait(resume, ms)
    })
    const read = await load(store, saved.value)
    timeout.mock.restore()
    assert.equal(timeout.mock.callCount(), 1)
    assert.deepEqual([read.isNew, read.id], [false, saved.id])
    assertSession(read.values, cart)
  })

  test('refuses a cookie of a cookie store as a session id', async () => {
    const { store, go } = await share(32)
    const { dir, ...cookies } = go
    const saved = await peer.call('cookie.save', { ...cookies, values: cart })
    const here = await load(store, saved.value)
    assert.deepEqual([here.isNew, here.reason], [true, 'malformed'])
    assert.deepEqual(await readdir(dir), [])
  })

  test('limits a file to 4096 characters, unless both programs allow more', async () => {
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
    const title = key === undefined ? 'the default key' : 'another key'
    test(`shares flash messages under ${title}, each read once`, async () => {
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

  test('stores form input with types that Go need not register', async () => {
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
