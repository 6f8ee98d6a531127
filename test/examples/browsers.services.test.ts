/** The example apps in a real browser. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core'
import { launchBrowser } from '../support/http/browser.ts'
import { withExample } from '../support/projects/example.ts'
import { needs } from '../support/services/programs.ts'

/** The JSON on the first page of an example. */
interface Shown {
  readonly user?: string
  readonly visits: number
  readonly messages: readonly string[]
}

/** Reads the JSON on the page. */
async function shown(page: Page): Promise<Shown> {
  return JSON.parse(await page.locator('body').innerText())
}

async function opened(page: Page, origin: string): Promise<Shown> {
  await page.goto(origin)
  return shown(page)
}

/** Sends a POST request from the page. Rejects if the response is not a redirect. */
async function post(page: Page, path: string, values: object = {}): Promise<void> {
  await page.evaluate(
    async ([path, body]) => {
      const headers = { 'Content-Type': 'application/json' }
      const { type } = await fetch(path, { method: 'POST', headers, body, redirect: 'manual' })
      if (type !== 'opaqueredirect') throw new Error(`${path} does not redirect`)
    },
    [path, JSON.stringify(values)] as const,
  )
}

async function loginCookie(context: BrowserContext): Promise<Cookie | undefined> {
  return (await context.cookies()).find(({ name }) => name === 'login')
}

const thirtyDays = 30 * 86_400

suite('examples in Chromium', needs('chromium'), () => {
  let browser: Browser
  before(async () => {
    browser = await launchBrowser()
  })
  after(() => browser.close())

  for (const name of ['express', 'fastify', 'hono']) {
    test(`${name}: signs in, shows a message once and remembers the visitor, in two tabs and two browsers`, () =>
      withExample(name, async origin => {
        const here = await browser.newContext()
        const page = await here.newPage()
        assert.deepEqual(await opened(page, origin), { visits: 1, messages: [] })
        const anonymous = await loginCookie(here)
        assert.equal(anonymous?.expires, -1)
        assert.ok(anonymous.httpOnly && anonymous.secure && anonymous.sameSite === 'Lax')

        await post(page, '/sign-in', { user: 'ann', remember: true })
        const remembered = await loginCookie(here)
        assert.notEqual(remembered?.value, anonymous.value)
        const lasting = (remembered?.expires ?? 0) - Date.now() / 1000
        assert.ok(Math.abs(lasting - thirtyDays) < 60, `lasts ${lasting} seconds`)
        const welcomed = { user: 'ann', visits: 1, messages: ['Welcome back'] }
        assert.deepEqual(await opened(page, origin), welcomed)

        const tab = await here.newPage()
        assert.deepEqual(await opened(tab, origin), { user: 'ann', visits: 2, messages: [] })
        const both = await Promise.all([opened(page, origin), opened(tab, origin)])
        for (const { user } of both) assert.equal(user, 'ann')
        assert.equal((await opened(page, origin)).visits, 5)

        const there = await browser.newContext()
        const other = await there.newPage()
        await opened(other, origin)
        await post(other, '/sign-in', { user: 'ann', remember: false })
        assert.equal((await loginCookie(there))?.expires, -1)
        assert.deepEqual(await opened(other, origin), welcomed)

        await post(page, '/sign-out-everywhere')
        for (const each of [page, tab, other]) {
          assert.equal((await opened(each, origin)).user, undefined)
        }
        await here.close()
        await there.close()
      }))
  }
})
