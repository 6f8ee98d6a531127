/** Gin and Echo with their own session packages share a login with Express, in a real browser. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import express, { type Express } from 'express'
import { Redis } from 'ioredis'
import type { Browser, Page } from 'playwright-core'
import { defineSession, type SessionStore } from 'silverback'
import { sessions } from 'silverback/express'
import { redistore } from 'silverback/go/redistore'
import { cookieStore } from 'silverback/gorilla'
import type { RunningApp } from 'silverback/testing/adapters'
import { listen } from '../../adapters/apps/node-http.ts'
import { launchBrowser } from '../../support/http/browser.ts'
import { start } from '../../support/processes/process.ts'
import { findProgram, needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'

const key = '0123456789abcdef0123456789abcdef'
const guest = { user: 'Guest', cart: 0 }

/** The session names in the documentation of the packages. */
const names = { gin: 'mysession', echo: 'session' }

/** Two applications that share a login. */
interface Apps {
  readonly go: RunningApp
  readonly express: RunningApp
}

suite('Gin, Echo and Express', needs('chromium', 'go', 'redis-server'), () => {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-frameworks-'))
  const program = join(folder, 'frameworks')
  let redis: RedisServer
  let client: Redis
  let browser: Browser

  before(async () => {
    const started = await Promise.all([
      startRedis('--appendonly', 'no'),
      launchBrowser(),
      build(program),
    ])
    redis = started[0]
    browser = started[1]
    client = new Redis(redis.port)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  after(async () => {
    client.disconnect()
    await Promise.all([redis.stop(), browser.close()])
    rmSync(folder, { recursive: true })
  })

  for (const framework of ['gin', 'echo'] as const) {
    for (const kind of ['cookies', 'Redis'] as const) {
      suite(`${framework}, sessions in ${kind}`, () => {
        let apps: Apps
        before(async () => {
          const args = ['-framework', framework, '-key', key]
          if (kind === 'Redis') args.push('-redis', `127.0.0.1:${redis.port}`)
          const go = await start(program, args, /listening on (http:.*)/)
          const store = kind === 'Redis' ? redistore(client, { keyPairs: [key] }) : cookieStore(key)
          store.saveUnchanged = false
          apps = {
            go: { origin: go.match[1] as string, close: () => go.stop() },
            express: await listen(expressApp(store, names[framework])),
          }
        })
        after(() => Promise.all([apps.go.close(), apps.express.close()]))

        for (const [first, second] of [
          ['go', 'express'],
          ['express', 'go'],
        ] as const) {
          test(`a login at ${first} is one at ${second}, until either signs it out`, async () => {
            const page = await browser.newPage()
            /** Opens an application. Cookies do not depend on the port, so the browser sends them to both. */
            const open = (app: keyof Apps): ReturnType<typeof shown> => opened(page, apps[app])
            const assertBoth = async (expected: object): Promise<void> => {
              assert.deepEqual(await open(second), expected)
              assert.deepEqual(await open(first), expected)
            }
            await assertBoth(guest)
            await signIn(page, 'Zoë <b>')
            await press(page, 'Add')
            await assertBoth({ user: 'Zoë <b>', cart: 1 })

            await open(second)
            await press(page, 'Add')
            await assertBoth({ user: 'Zoë <b>', cart: 2 })
            const cookies = await page.context().cookies()
            assert.deepEqual(
              cookies.map(({ name }) => name),
              [names[framework]],
            )

            await press(page, 'Sign out')
            assert.deepEqual(await page.context().cookies(), [])
            await assertBoth(guest)
            if (kind === 'Redis') {
              await page.context().addCookies(cookies)
              await assertBoth(guest)
            }

            await open(first)
            await signIn(page, 'Ann')
            assert.deepEqual(await open(second), { user: 'Ann', cart: 0 })
            await press(page, 'Sign out')
            await assertBoth(guest)
          })
        }
      })
    }
  }
})

/** The application with the pages of `interop/go/cmd/frameworks`. */
function expressApp(store: SessionStore, name: string): Express {
  const login = defineSession<{ user: string; cart: number }>(store, name)
  const app = express()
  app.use(express.urlencoded(), sessions(login))
  app.get('/', async (request, response) => {
    const { user = 'Guest', cart = 0 } = (await login.get(request)).values
    response.send(pageOf(user, cart))
  })
  app.post('/sign-in', async (request, response) => {
    const session = await login.get(request)
    session.rotate()
    session.values.user = request.body.user
    response.redirect(303, '/')
  })
  app.post('/add', async (request, response) => {
    const session = await login.get(request)
    session.increment('cart')
    response.redirect(303, '/')
  })
  app.post('/sign-out', async (request, response) => {
    const session = await login.get(request)
    session.destroy()
    response.redirect(303, '/')
  })
  return app
}

function pageOf(user: string, cart: number): string {
  return `<!doctype html>
<h1>${user.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</h1>
<p id="cart">${cart}</p>
<form method="post" action="/sign-in"><input name="user"><button>Sign in</button></form>
<form method="post" action="/add"><button>Add</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form>`
}

async function opened(page: Page, app: RunningApp): Promise<{ user: string; cart: number }> {
  await page.goto(app.origin)
  return shown(page)
}

async function shown(page: Page): Promise<{ user: string; cart: number }> {
  const user = await page.locator('h1').innerText()
  return { user, cart: Number(await page.locator('#cart').innerText()) }
}

async function signIn(page: Page, user: string): Promise<void> {
  await page.locator('[name=user]').fill(user)
  await press(page, 'Sign in')
}

/** Presses a button and waits for the page that its form leads to. */
async function press(page: Page, label: string): Promise<void> {
  const loaded = page.waitForEvent('load')
  await page.getByRole('button', { name: label, exact: true }).click()
  await loaded
}

async function build(program: string): Promise<void> {
  const cwd = fileURLToPath(new URL('../../../interop/go', import.meta.url))
  const args = ['build', '-tags', 'stores', '-o', program, './cmd/frameworks']
  await promisify(execFile)(findProgram('go') as string, args, { cwd })
}
