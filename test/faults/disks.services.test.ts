/** Stores on a full disk. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'libsql'
import { type Backend, ServerStore, type Session } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { sqlite } from 'silverback/sqlite'
import { keyOf } from '../../src/backends/ids.ts'
import { patientRetries, Visitor } from '../support/failing-backend.ts'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'faults-'))
}

interface Disk {
  readonly folder: string
  close(): Promise<void>
}

/** Mounts a small disk. Returns undefined where that is not permitted. */
function smallDisk(): Promise<Disk | undefined> {
  return mounted('-t', 'tmpfs', '-o', 'size=512k', 'tmpfs')
}

/** Mounts a disk with space for few files. Returns undefined where that is not permitted. */
async function diskWithFewInodes(): Promise<Disk | undefined> {
  const images = await newFolder()
  const image = join(images, 'image')
  await writeFile(image, '')
  await truncate(image, 8_000_000)
  try {
    execFileSync('mkfs.ext4', ['-q', '-F', '-N', '256', image], { stdio: 'ignore' })
  } catch (error) {
    if (process.env.REQUIRE_SERVICES === '1') throw error
    return undefined
  }
  const disk = await mounted('-o', 'loop', image)
  // The mount keeps the image.
  await rm(images, { recursive: true })
  return disk
}

async function mounted(...args: string[]): Promise<Disk | undefined> {
  const folder = await newFolder()
  try {
    execFileSync('mount', [...args, folder], { stdio: 'ignore' })
  } catch (error) {
    await rm(folder, { recursive: true })
    if (process.env.REQUIRE_SERVICES === '1') throw error
    return undefined
  }
  return {
    folder,
    async close() {
      // A lazy unmount: libsql keeps a closed file open until its statements are garbage-collected.
      execFileSync('umount', ['--lazy', folder])
      await rm(folder, { recursive: true })
    },
  }
}

const backends: Record<string, (folder: string) => Promise<{ backend: Backend; close(): void }>> = {
  async filesystem(folder) {
    return { backend: filesystem(join(folder, 'sessions')), close: () => {} }
  },
  async sqlite(folder) {
    const database = new Database(join(folder, 'sessions.db'))
    const backend = sqlite(database)
    await backend.ensureSchema()
    return { backend, close: () => database.close() }
  },
}

suite('faults: a full disk', () => {
  for (const [name, open] of Object.entries(backends)) {
    test(name, async context => {
      const disk = await smallDisk()
      if (!disk) {
        context.skip('mounting a disk is not permitted')
        return
      }
      const { backend, close } = await open(disk.folder)
      try {
        const visitors = [1, 2, 3].map(() => new Visitor(backend, patientRetries))
        for (const visitor of visitors) await visitor.recover()
        const filler = join(disk.folder, 'filler')
        await assert.rejects(writeFile(filler, Buffer.alloc(600_000)), { code: 'ENOSPC' })
        // Use up the space left inside existing files first.
        const newcomer = async (): Promise<boolean> => new Visitor(backend, patientRetries).visit()
        let made = 0
        while (await newcomer()) assert.ok(++made < 2000)
        const saved = await Promise.all(visitors.map(visitor => visitor.visit()))
        assert.ok(saved.includes(false))
        await rm(filler)
        for (const visitor of visitors) await visitor.recover()
        for (const visitor of visitors) await visitor.check()
      } finally {
        close()
        await disk.close()
      }
    })
  }

  test('filesystem: sessions can be ended', async context => {
    const disk = await smallDisk()
    if (!disk) {
      context.skip('mounting a disk is not permitted')
      return
    }
    try {
      const store = new ServerStore(filesystem(join(disk.folder, 'sessions')))
      const visit = async (change: (session: Session) => void, cookie = ''): Promise<string> => {
        const [request, response] = [nodeRequest(cookie), nodeResponse()]
        const session = await store.get(request, 'sid')
        change(session)
        await session.save(request, response)
        return cookieHeader(response)
      }
      const find = (cookie: string): Promise<Session> => store.new(nodeRequest(cookie), 'sid')
      const signIn = (): Promise<string> =>
        visit(session => {
          session.owner = 'ann'
          session.values.text = 'x'.repeat(5000)
        })
      const [destroyed, revoked, before, expired] = [
        await signIn(),
        await signIn(),
        await signIn(),
        await signIn(),
      ]
      const after = await visit(session => session.rotate(), before)
      const filler = join(disk.folder, 'filler')
      await assert.rejects(writeFile(filler, Buffer.alloc(600_000)), { code: 'ENOSPC' })
      await assert.rejects(signIn(), { code: 'store-failed' })

      await visit(session => session.destroy(), destroyed)
      assert.equal(await store.revoke(store.handleOf(await find(revoked)) ?? ''), true)
      // By the handle that it had before it was rotated.
      assert.equal(await store.revoke(keyOf(before.slice('sid='.length))), true)
      await visit(session => {
        session.options.maxAge = 0
      }, expired)
      await rm(filler)
      for (const cookie of [destroyed, revoked, before, after, expired]) {
        assert.equal((await find(cookie)).reason, 'unknown-id')
      }
      assert.deepEqual(await store.sessionsOf('ann'), [])
    } finally {
      await disk.close()
    }
  })

  test('filesystem: records can be deleted and pruned without a free inode', async context => {
    const disk = await diskWithFewInodes()
    if (!disk) {
      context.skip('mounting a disk is not permitted')
      return
    }
    try {
      let now = 1000
      const backend = filesystem(join(disk.folder, 'sessions'), { now: () => now })
      const record = { data: Buffer.alloc(10), expires: 2000, owner: 'ann' }
      let created = 0
      const fill = async (): Promise<void> => {
        for (; created < 2000; created++) await backend.create(`id${created}`, record)
      }
      await assert.rejects(fill(), { code: 'ENOSPC' })
      const touchFile = (): Promise<void> => writeFile(join(disk.folder, `${created++}`), '')
      await assert.rejects(
        async () => {
          for (;;) await touchFile()
        },
        { code: 'ENOSPC' },
      )
      await backend.delete('id0')
      assert.equal(await backend.load('id0'), undefined)
      assert.ok(await backend.load('id1'))
      const { length } = await backend.ofOwner('ann')
      now = 2000
      assert.equal(await backend.prune(), length)
      assert.equal((await backend.create('new', { ...record, expires: 3000 })).status, 'created')
    } finally {
      await disk.close()
    }
  })
})
