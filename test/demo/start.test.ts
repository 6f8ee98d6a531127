/** How the demo starts and ends. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDemo } from '../../src/demo/start.ts'
import { type Running, start } from '../support/processes/process.ts'
import { demoForTests, Visitor } from './support.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsx = import.meta.resolve('tsx')

/** The arguments with which `npm run demo` starts Node, in whatever folder. */
const command = ['--import', tsx, '--conditions=@silverback/source', join(root, 'src/demo/main.ts')]

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function startProgram(folder: string): Promise<Running> {
  const env = { ...process.env, PORT: '0', TMPDIR: folder, NODE_OPTIONS: '' }
  return start(process.execPath, command, /listening on (http:\S+)\./, { cwd: folder, env })
}

suite('startDemo', () => {
  test('rejects with EADDRINUSE if the port is in use, and leaves nothing behind', async () => {
    const { url } = await demoForTests()
    const port = Number(new URL(url).port)
    await assert.rejects(startDemo({ port }), {
      code: 'EADDRINUSE',
      message: `port ${port} is already in use`,
    })
  })

  test('closes when the signal is aborted, with open pages', async () => {
    const ended = new AbortController()
    const demo = await startDemo({ port: 0, signal: ended.signal })
    const visitor = new Visitor(demo.url)
    await visitor.visit('/timeline')
    const { body } = await visitor.jar.fetch('/timeline/live')
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    ended.abort()
    await demo.close()
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
      throw new Error('the stream ended')
    })
    await assert.rejects(fetch(demo.url))
  })

  test('does not stay open if the signal was aborted before', async () => {
    const demo = await startDemo({ port: 0, signal: AbortSignal.abort() })
    await assert.rejects(fetch(demo.url))
    await demo.close()
  })
})

suite('the program', () => {
  test('ends at Ctrl-C without an error, and removes its temporary files', async () => {
    const folder = temporaryFolder()
    const mine = (): string[] =>
      readdirSync(folder).filter(name => name.startsWith('silverback-demo-'))
    const demo = await startProgram(folder)
    try {
      const visitor = new Visitor(demo.match[1] as string)
      await visitor.visit('/stores')
      await visitor.submit('/stores', { action: 'move', to: 'file' })
      assert.equal(mine().length, 1)
      assert.equal(readdirSync(join(folder, mine()[0] as string)).length, 1)
      const ended = once(demo.process, 'close')
      demo.process.kill('SIGINT')
      assert.deepEqual(await ended, [0, null])
      assert.deepEqual(mine(), [])
    } finally {
      await demo.stop()
    }
  })

  test('names the port that is in use, and how to choose another one', async () => {
    const { url } = await demoForTests()
    const { port } = new URL(url)
    const env = { ...process.env, PORT: port, NODE_OPTIONS: '' }
    const failure = await promisify(execFile)(process.execPath, command, { env }).catch(e => e)
    assert.equal(failure.code, 1)
    assert.equal(
      failure.stderr,
      `port ${port} is already in use; choose another one: PORT=3001 npm run demo\n`,
    )
  })

  test('the race explains itself where express-session is not installed', async () => {
    const demo = await startProgram(temporaryFolder())
    try {
      const page = await new Visitor(demo.match[1] as string).submit('/race', { action: 'run' })
      assert.match(page.text, /8 of 8 kept/)
      assert.match(page.text, /npm install express-session/)
    } finally {
      await demo.stop()
    }
  })
})
