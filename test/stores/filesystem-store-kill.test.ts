import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SecureCookie } from 'silverback/securecookie'
import { temporaryPrefix } from '../../src/runtime/files.ts'

const writer = fileURLToPath(new URL('../support/processes/writer.ts', import.meta.url))

test('processes killed during 1,000 saves leave only complete session files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'silverback-kill-'))
  const codec = new SecureCookie({ hashKey: 'a key', maxLength: 0 })
  let saves = 0
  let kills = 0
  while (saves < 1000 || kills < 20) {
    const child = fork(writer, [folder], { stdio: 'ignore' })
    // Kills the process at an arbitrary point, a little later each time.
    const savesBeforeKill = 20 + kills * 3
    await new Promise<void>(resolve => {
      let savesOfChild = 0
      child.on('message', () => {
        saves++
        if (++savesOfChild >= savesBeforeKill) child.kill('SIGKILL')
      })
      child.on('exit', () => resolve())
    })
    kills++
    const files = (await readdir(folder)).filter(file => !file.startsWith(temporaryPrefix))
    assert.ok(files.length > 0)
    for (const file of files) {
      const { n, data } = codec.decode('sid', await readFile(join(folder, file), 'utf8')) as {
        n: number
        data: string
      }
      assert.equal(data, String(n % 10).repeat(20_000))
    }
  }
  await rm(folder, { recursive: true })
})
