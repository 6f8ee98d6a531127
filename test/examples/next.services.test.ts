import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { CookieJar, fakeClock, loginAs } from 'silverback/testing'
import { buildNext } from '../adapters/apps/next.ts'
import { type Running, start } from '../support/processes/process.ts'
import { compile, needsProject } from '../support/projects/projects.ts'
import { freePort } from '../support/services/free-port.ts'
import { needs } from '../support/services/programs.ts'
import { pageTest } from './page.ts'
import { signInTests } from './sign-in.ts'

pageTest('next')

suite('the Next.js example', needsProject('examples/next'), () => {
  const sessions = mkdtempSync(join(tmpdir(), 'next-sessions-'))
  let app: string
  let server: Running
  let origin: string

  before(async () => {
    app = buildNext('example')
    const port = await freePort()
    origin = `http://localhost:${port}`
    const args = ['../node_modules/.bin/next', 'start', '--port', String(port)]
    const env = { ...process.env, NODE_OPTIONS: '', SESSION_FOLDER: sessions }
    server = await start(process.execPath, args, /Ready/, {
      cwd: app,
      env: { ...env, NEXT_TELEMETRY_DISABLED: '1' },
    })
  })
  after(async () => {
    await server?.stop()
    rmSync(sessions, { recursive: true, force: true })
  })

  suite('in Chromium', needs('chromium'), () => signInTests(() => origin))

  test('counts visits in a route handler', async () => {
    const jar = new CookieJar({ origin })
    for (const visits of [1, 2]) {
      assert.deepEqual(await (await jar.fetch('/api/visits')).json(), { visits })
    }
  })

  /** The cookie of a session that was last used an hour ago and expires after two hours. */
  function usedAnHourAgo(user: string): Promise<string> {
    const { now } = fakeClock(new Date(Date.now() - 3_600_000))
    const source = { store: new ServerStore(filesystem(sessions), { now }), name: 'login' }
    return loginAs(source, user, {}, { change: session => session.remember(7200) })
  }

  test('renews a session in proxy only if renewal is due', async () => {
    const cookie = await usedAnHourAgo('ann')
    const touched = await fetch(origin, { headers: { cookie } })
    assert.match(await touched.text(), /<h1>ann<\/h1>/)
    const [line = '', ...others] = touched.headers.getSetCookie()
    assert.ok(line.startsWith(cookie), line)
    assert.match(line, /Max-Age=7200/)
    assert.deepEqual(others, [])

    const again = await fetch(origin, { headers: { cookie } })
    assert.match(await again.text(), /<h1>ann<\/h1>/)
    assert.deepEqual(again.headers.getSetCookie(), [])
  })

  test('forbids caches to store a static page with a cookie', async () => {
    const cookie = await usedAnHourAgo('bob')
    const policies: unknown[] = []
    for (const count of [1, 0]) {
      const page = await fetch(`${origin}/static`, { headers: { cookie } })
      assert.equal(page.headers.getSetCookie().length, count)
      policies.push(page.headers.get('cache-control'))
    }
    assert.equal(policies[0], 'no-store')
    assert.match(String(policies[1]), /s-maxage/)
  })

  for (const compiler of ['typescript', 'typescript7'] as const) {
    test(`compiles with ${compiler}, including the types of libraries`, () =>
      compile(app, compiler, '--incremental', 'false', '--skipLibCheck', 'false'))
  }
})
