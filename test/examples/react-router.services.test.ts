import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Running, start } from '../support/processes/process.ts'
import {
  compile,
  copyInto,
  installProject,
  needsProject,
  run,
} from '../support/projects/projects.ts'
import { findRuntime } from '../support/projects/runtimes.ts'
import { freePort } from '../support/services/free-port.ts'
import { needs } from '../support/services/programs.ts'
import { pageTest } from './page.ts'
import { signInTests } from './sign-in.ts'

const source = 'examples/react-router'

pageTest('react-router', 'excerpts')

suite('the React Router example', needsProject(source, 'node24'), () => {
  const node = findRuntime('node24') as string
  let app: string
  let server: Running
  let origin: string

  before(async () => {
    app = copyInto(installProject(source), 'example', source)
    run(app, ['react-router', 'build'], node)
    const port = await freePort()
    origin = `http://localhost:${port}`
    const args = ['../node_modules/.bin/react-router-serve', 'build/server/index.js']
    const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', PORT: String(port) }
    server = await start(node, args, /http/, { cwd: app, env })
  })
  after(() => server?.stop())

  suite('in Chromium', needs('chromium'), () => signInTests(() => origin))

  /** Sends a form, as a browser without scripts does, or as React Router's client does. */
  const send = (path: string, form: Record<string, string>, cookie = ''): Promise<Response> =>
    fetch(origin + path, {
      method: 'POST',
      headers: { cookie, origin },
      body: new URLSearchParams(form),
      redirect: 'manual',
    })
  const cookieOf = (response: Response): string => {
    const lines = response.headers.getSetCookie()
    assert.equal(lines.length, 1)
    return lines[0]?.split(';')[0] as string
  }

  for (const [what, path] of Object.entries({ document: '/?index', data: '/_.data?index' })) {
    test(`sets the cookie on a redirect of a ${what} request`, async () => {
      const signedIn = await send(path, { do: 'sign in', user: 'ann' })
      assert.equal(signedIn.status, what === 'data' ? 202 : 302)
      const cookie = cookieOf(signedIn)
      const page = await fetch(origin, { headers: { cookie } })
      assert.match(await page.text(), /<h1>ann<\/h1>.*Welcome back/s)
    })
  }

  test('keeps the session on a page of an error boundary', async () => {
    const cookie = cookieOf(await send('/?index', { do: 'sign in', user: 'ann' }))
    const refused = await send('/?index', { do: 'something else' }, cookie)
    assert.equal(refused.status, 400)
    assert.match(refused.headers.get('vary') ?? '', /Cookie/)
    assert.match(await (await fetch(origin, { headers: { cookie } })).text(), /<h1>ann<\/h1>/)
  })

  suite('types', () => {
    before(() => run(app, ['react-router', 'typegen'], node))

    for (const compiler of ['typescript', 'typescript7'] as const) {
      test(`compiles with ${compiler}, including the types of libraries`, () =>
        compile(app, compiler, '--skipLibCheck', 'false'))
    }
  })
})
