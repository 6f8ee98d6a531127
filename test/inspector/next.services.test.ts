import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { buildNext } from '../adapters/apps/next.ts'
import { type Running, start } from '../support/processes/process.ts'
import { needsProject } from '../support/projects/projects.ts'
import { freePort } from '../support/services/free-port.ts'
import { needs } from '../support/services/programs.ts'
import { browserTests } from './in-browser.ts'

suite('the inspector in Next.js', needsProject('examples/next'), () => {
  suite('in Chromium', needs('chromium'), () => {
    const folder = mkdtempSync(join(tmpdir(), 'next-inspector-'))
    const store = new ServerStore(filesystem(folder))
    let server: Running
    let url: string

    before(async () => {
      const app = buildNext('inspector', 'test/inspector/next')
      const port = await freePort()
      url = `http://localhost:${port}/inspector`
      const args = ['../node_modules/.bin/next', 'start', '--port', String(port)]
      const env = { ...process.env, NODE_OPTIONS: '', SESSION_FOLDER: folder }
      server = await start(process.execPath, args, /Ready/, {
        cwd: app,
        env: { ...env, NEXT_TELEMETRY_DISABLED: '1' },
      })
    })
    after(async () => {
      await server?.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    browserTests(() => ({ url, store }))

    test('counts what pages and route handlers do', async () => {
      const { origin } = new URL(url)
      const headers = { cookie: 'login=nonsense' }
      for (const path of ['/', '/api/visits'])
        await (await fetch(origin + path, { headers })).text()
      const html = await (await fetch(url)).text()
      // proxy.ts reads the session as well.
      assert.match(html, /<dt>Rejected<\/dt><dd><b>4</)
      assert.doesNotMatch(html, /class="badge">\w<\/span>/)
    })
  })
})
