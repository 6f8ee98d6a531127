/** The packed command sets up the starters of the frameworks: they compile, their new test passes, and sessions work. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { CookieJar } from 'silverback/testing'
import { start } from '../../support/processes/process.ts'
import { withServer } from '../../support/projects/example.ts'
import { installProject, needsProject, run } from '../../support/projects/projects.ts'
import { freePort } from '../../support/services/free-port.ts'
import { startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { startRedis } from '../../support/services/redis-server.ts'
import { until } from '../../support/until.ts'
import { type Files, starters } from './starters.ts'

const packages = 'test/projects/init'
const root = fileURLToPath(new URL('../../..', import.meta.url))
const env = {
  ...process.env,
  NODE_OPTIONS: '',
  NODE_TEST_CONTEXT: undefined,
  NEXT_TELEMETRY_DISABLED: '1',
}

/** Writes the files of an app into a new folder of the project. */
function copyStarter(name: string, files: Files): string {
  const app = join(installProject(packages), name)
  rmSync(app, { recursive: true, force: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, path)), { recursive: true })
    writeFileSync(join(app, path), text)
  }
  return app
}

/** Runs the installed command. Returns what it prints with `--json`. */
function init(app: string, ...options: string[]): { status: string; test: string } {
  const bin = join(app, '../node_modules/.bin/silverback')
  const output = execFileSync(bin, ['init', '--yes', '--json', ...options], { cwd: app, env })
  return JSON.parse(String(output))
}

/** Runs a command line with the programs of the project. */
function shell(app: string, line: string): string {
  const PATH = `${join(app, '../node_modules/.bin')}:${process.env.PATH}`
  try {
    return execFileSync('sh', ['-c', line], {
      cwd: app,
      env: { ...env, PATH },
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${line}\n${stdout}\n${stderr}`)
  }
}

const typecheck = (app: string) =>
  shell(app, `node ${root}node_modules/typescript7/bin/tsc -p . --noEmit`)

const passwordOf = (app: string): string =>
  parseEnv(readFileSync(join(app, '.env'), 'utf8')).DEMO_PASSWORD as string

/** Lets `silverback doctor` sign in and look for faults. */
function examine(app: string, origin: string, page: string, ...options: string[]): void {
  const form = `FORM=password=${passwordOf(app)}`
  const login = `--login-url ${origin}/sign-in --form name=demo --form-env FORM`
  const output = shell(
    app,
    `${form} silverback doctor ${origin}${page} ${login} ${options.join(' ')}`,
  )
  assert.match(output, /No faults\. 0 hints/)
}

/** Visits, signs in and signs out as the next steps of the command say. */
async function visitServer(app: string, origin: string): Promise<void> {
  const jar = new CookieJar({ origin })
  const json = async (response: Promise<Response>) => (await response).json()
  const post = (body: object) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.deepEqual(await json(jar.fetch('/me')), { user: null, visits: 1 })
  assert.deepEqual(await json(jar.fetch('/me')), { user: null, visits: 2 })
  const wrong = await jar.fetch('/sign-in', post({ name: 'demo', password: '' }))
  assert.equal(wrong.status, 401)
  const credentials = { name: 'demo', password: passwordOf(app) }
  const signedIn = await json(jar.fetch('/sign-in', post(credentials)))
  assert.equal((signedIn as { user: string }).user, 'demo')
  assert.equal((await jar.fetch('/')).status, 200)
  const signedOut = await json(jar.fetch('/sign-out', post({})))
  assert.deepEqual(signedOut, { user: null, visits: 1 })
}

const servers = [
  { name: 'express', entry: 'index.js', store: 'memory' },
  { name: 'expressTypeScript', entry: 'src/index.ts', store: 'cookie' },
  { name: 'fastify', entry: 'server.js', store: 'file' },
  { name: 'hono', entry: 'src/index.ts', store: 'cookie' },
  { name: 'node', entry: 'server.mjs', store: 'cookie' },
] as const

suite('init in the starter of', needsProject(packages), () => {
  for (const { name, entry, store } of servers) {
    test(name, async () => {
      const app = copyStarter(name, starters[name])
      const result = init(app, `--store=${store}`)
      assert.equal(result.status, 'written')
      assert.match(shell(app, result.test), /^# pass 1$|pass 1/m)
      const isTypeScript = entry.endsWith('.ts')
      if (isTypeScript) typecheck(app)
      const command: [string, ...string[]] = isTypeScript
        ? [join(app, '../node_modules/.bin/tsx'), entry]
        : [process.execPath, entry]
      const visit = async (origin: string) => {
        await visitServer(app, origin)
        // The others take JSON only.
        if (name === 'express') examine(app, origin, '/me', `--logout-url ${origin}/sign-out`)
      }
      await withServer(command, app, visit, { NODE_TEST_CONTEXT: undefined })
      assert.equal(init(app).status, 'unchanged')
    })
  }

  test('no app at all: one is written', async () => {
    const manifest = '{ "private": true, "type": "module", "dependencies": { "express": "^5" } }'
    const app = copyStarter('empty', { 'package.json': manifest })
    assert.match(shell(app, init(app).test), /pass 1/)
    await withServer([process.execPath, 'server.js'], app, origin => visitRoutes(app, origin))
    assert.equal(init(app).status, 'unchanged')
  })

  for (const name of ['next', 'nextJavaScript'] as const) {
    test(name, async () => {
      const app = copyStarter(name, starters[name])
      const result = init(app)
      assert.match(shell(app, result.test), /2 passed/)
      run(app, ['next', 'build'])
      const port = await freePort()
      const args = ['../node_modules/.bin/next', 'start', '--port', String(port)]
      const server = await start(process.execPath, args, /Ready/, { cwd: app, env })
      try {
        const jar = new CookieJar({ origin: `http://localhost:${port}` })
        await submit(jar, { name: 'demo', password: 'wrong' })
        assert.match(await pageOf(jar, '/sign-in?wrong=1'), /Wrong name or password/)
        await submit(jar, { name: 'demo', password: passwordOf(app) })
        assert.match(await pageOf(jar), /Signed in as (?:<!-- -->)?demo/)
        await submit(jar, {})
        assert.match(await pageOf(jar), /<button type="submit">Sign in/)
      } finally {
        await server.stop()
      }
      assert.equal(init(app).status, 'unchanged')
    })
  }

  test('sveltekit', async () => {
    const app = copyStarter('sveltekit', starters.sveltekit)
    const result = init(app, '--store=file')
    run(app, ['vite', 'build'])
    assert.match(shell(app, result.test), /2 passed/)
    typecheck(app)
    const forwarded = { PROTOCOL_HEADER: 'x-forwarded-proto' }
    await withServer(
      [process.execPath, 'build'],
      app,
      async origin => {
        const jar = new CookieJar({ origin })
        const headers = { 'x-forwarded-proto': 'http', origin, accept: 'text/html' }
        const post = async (action: string, fields: Record<string, string> = {}) => {
          const body = new URLSearchParams(fields)
          const page = await jar.fetch(`/sign-in?/${action}`, { method: 'POST', headers, body })
          return page.text()
        }
        assert.match(await post('signIn', { name: 'demo', password: 'wrong' }), /Wrong name/)
        const password = passwordOf(app)
        assert.match(await post('signIn', { name: 'demo', password }), /Signed in as demo: visit/)
        assert.match(await post('signOut'), />Sign in</)
      },
      forwarded,
    )
    assert.equal(init(app).status, 'unchanged')
  })
})

suite('init with the store', needsProject(packages), () => {
  const databases = {
    memory: { programs: [], start: undefined },
    sqlite: { programs: [], start: undefined },
    redis: {
      programs: ['redis-server'],
      async start() {
        const server = await startRedis()
        return { line: `REDIS_URL=redis://127.0.0.1:${server.port}\n`, stop: () => server.stop() }
      },
    },
    postgres: {
      programs: ['initdb', 'postgres'],
      async start() {
        const server = await startPostgres()
        return { line: `DATABASE_URL=${server.url}\n`, stop: () => server.stop() }
      },
    },
  }
  for (const [store, { programs, start }] of Object.entries(databases)) {
    test(store, needs(...programs), async () => {
      const app = copyStarter(`store-${store}`, starters.expressTypeScript)
      const database = await start?.()
      try {
        if (database) writeFileSync(join(app, '.env'), database.line)
        assert.match(shell(app, init(app, `--store=${store}`).test), /pass 1/)
        typecheck(app)
        const tsx = join(app, '../node_modules/.bin/tsx')
        await withServer([tsx, 'src/index.ts'], app, async origin => {
          // The app creates the table while it listens already.
          await until('the table is there', async () => (await fetch(`${origin}/me`)).ok)
          await visitServer(app, origin)
        })
      } finally {
        await database?.stop()
      }
    })
  }
})

/** As {@link visitServer}, for an app without a page. */
async function visitRoutes(app: string, origin: string): Promise<void> {
  const jar = new CookieJar({ origin })
  const body = new URLSearchParams({ name: 'demo', password: passwordOf(app) })
  const signedIn = await jar.fetch('/sign-in', { method: 'POST', body })
  assert.deepEqual(await signedIn.json(), { user: 'demo', visits: 1 })
}

async function pageOf(jar: CookieJar, path = '/sign-in'): Promise<string> {
  return (await jar.fetch(path)).text()
}

/** Submits the form of the page, as a browser without scripts does. */
async function submit(jar: CookieJar, fields: Record<string, string>): Promise<void> {
  const page = await pageOf(jar)
  const body = new FormData()
  const hidden = /<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g
  for (const [, name, value] of page.matchAll(hidden)) body.append(String(name), value ?? '')
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  const response = await jar.fetch('/sign-in', { method: 'POST', body })
  assert.ok(response.ok, `${response.status}`)
}
