/** The demo in a browser. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from '../../support/http/browser.ts'
import type { Running } from '../../support/processes/process.ts'
import { needs } from '../../support/services/programs.ts'
import {
  outputFolder,
  press,
  sendForm,
  sessionFiles,
  shown,
  signIn,
  startDemo,
  temporaryFolder,
  textOf,
} from './support.ts'

const thirtyDays = 30 * 86_400

describe('demo in a browser', needs('chromium'), () => {
  const folder = temporaryFolder()
  let demo: Running
  let browser: Browser

  before(async () => {
    ;[demo, browser] = await Promise.all([startDemo({ SESSION_DIR: folder }), launchBrowser()])
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  after(() => Promise.all([browser.close(), demo.stop()]))

  /** Opens the home page as a new visitor. */
  async function visit(width = 1280): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 } })
    await page.goto(demo.match[1] as string)
    return page
  }

  test('signs in and shows the welcome message once', async () => {
    const page = await visit()
    assert.deepEqual(await shown(page), { user: 'guest', cart: '0', theme: 'light', flashes: [] })
    await signIn(page, 'Ann')
    assert.deepEqual(await shown(page), {
      user: 'Ann',
      cart: '0',
      theme: 'light',
      flashes: ['Welcome, Ann'],
    })
    await page.reload()
    assert.deepEqual((await shown(page)).flashes, [])
    assert.equal((await shown(page)).user, 'Ann')
  })

  test('keeps the cart across requests and when a guest signs in', async () => {
    const page = await visit()
    await press(page, '#add')
    await press(page, '#add')
    assert.equal((await shown(page)).cart, '2')
    await signIn(page, 'Ann')
    await press(page, '#add')
    assert.equal((await shown(page)).cart, '3')
    assert.equal((await shown(await visit())).cart, '0', 'other visitors have their own cart')
  })

  test('changes the id at sign-in and refuses the old one', async () => {
    const page = await visit()
    await press(page, '#add')
    const planted = await loginCookie(page.context())
    const before = sessionFiles(folder)
    await signIn(page, 'Ann')
    const after = sessionFiles(folder)
    assert.notEqual((await loginCookie(page.context()))?.value, planted?.value)
    assert.equal(before.filter(file => !after.includes(file)).length, 1, 'the old file is gone')
    assert.equal(after.filter(file => !before.includes(file)).length, 1, 'the new file is there')

    const attacker = await visit()
    await attacker.context().addCookies([planted as never])
    await attacker.reload()
    assert.equal((await shown(attacker)).user, 'guest')
    assert.equal(await textOf(attacker, '#login-reason'), 'unknown-id')
  })

  test('stays signed in for 30 days, or until the browser closes', async () => {
    const page = await visit()
    await signIn(page, 'Ann', true)
    await press(page, '#add')
    const left = ((await loginCookie(page.context()))?.expires ?? 0) - Date.now() / 1000
    assert.ok(Math.abs(left - thirtyDays) < 60, `${left} seconds`)

    const other = await visit()
    await signIn(other, 'Bob')
    await press(other, '#add')
    assert.equal((await loginCookie(other.context()))?.expires, -1)
  })

  test('saves both sessions in one response', async () => {
    const page = await visit()
    await signIn(page, 'Ann')
    const [response] = await Promise.all([
      page.waitForResponse(each => each.request().method() === 'POST'),
      press(page, '#choose'),
    ])
    const set = (await response.headersArray()).filter(each => /^set-cookie$/i.test(each.name))
    assert.deepEqual(set.map(each => each.value.split('=')[0]).sort(), ['login', 'theme'])
    assert.deepEqual(await shown(page), {
      user: 'Ann',
      cart: '0',
      theme: 'dark',
      flashes: ['Switched to the dark theme'],
    })
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
    assert.doesNotMatch(await textOf(page, '#sealed'), /dark/, 'the cookie is encrypted')
  })

  test('keeps sessions valid when keys are rotated', async () => {
    const other = await startDemo({ SESSION_DIR: temporaryFolder() })
    try {
      const page = await browser.newPage()
      await page.goto(other.match[1] as string)
      await signIn(page, 'Ann')
      await press(page, '#add')
      const id = await textOf(page, '#id')
      const oldCookies = await page.context().cookies()
      assert.equal(await textOf(page, '#key-pairs'), '1')

      await press(page, '#rotate')
      assert.equal(await textOf(page, '#key-pairs'), '2')
      assert.deepEqual(await shown(page), {
        user: 'Ann',
        cart: '1',
        theme: 'light',
        flashes: ['New cookies now use a new key pair'],
      })
      assert.equal(await textOf(page, '#id'), id)

      // Cookies from before the rotation are valid until their key pair is dropped.
      await page.context().addCookies(oldCookies)
      await page.reload()
      assert.equal((await shown(page)).user, 'Ann')
      for (let i = 0; i < 3; i++) await sendForm(page, '/rotate-keys')
      await page.reload()
      assert.equal(await textOf(page, '#key-pairs'), '4')
      await page.context().addCookies(oldCookies)
      await page.reload()
      assert.equal((await shown(page)).user, 'guest')
      assert.equal(await textOf(page, '#login-reason'), 'bad-mac')
    } finally {
      await other.stop()
    }
  })

  test('deletes the file and the cookie at sign-out, and keeps the theme', async () => {
    const page = await visit()
    await signIn(page, 'Ann', true)
    await press(page, '#choose')
    const before = sessionFiles(folder)
    await press(page, '#sign-out')
    assert.deepEqual(await shown(page), {
      user: 'guest',
      cart: '0',
      theme: 'dark',
      flashes: ['You have signed out'],
    })
    assert.equal(sessionFiles(folder).length, before.length - 1)
    assert.equal(await loginCookie(page.context()), undefined)
    await page.reload()
    assert.deepEqual((await shown(page)).flashes, [])
  })

  test('rejects a form on the page of another site', async () => {
    const page = await visit()
    await signIn(page, 'Ann')
    const action = new URL('/cart', page.url()).href
    await page.route('http://evil.example/', route =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${action}"><button id="win">A prize</button></form>`,
      }),
    )
    await page.goto('http://evil.example/')
    const [response] = await Promise.all([page.waitForResponse(action), press(page, '#win')])
    assert.equal(response.status(), 403)
    await page.goto(demo.match[1] as string)
    assert.equal((await shown(page)).cart, '0')
    await press(page, '#add')
    assert.equal((await shown(page)).cart, '1', 'the same form on the page of the demo works')
  })

  test('escapes names', async () => {
    const name = `<img src=x onerror="a=1">&amp;'</title>`
    const page = await visit()
    await signIn(page, name)
    assert.equal((await shown(page)).user, name)
    assert.deepEqual((await shown(page)).flashes, [`Welcome, ${name}`])
    assert.equal(await page.locator('main img').count(), 0)
  })

  for (const width of [1280, 390]) {
    test(`fits a window of ${width} pixels and has accessible names`, async () => {
      const page = await visit(width)
      await screenshot(page, `demo-${width}-guest`)
      await page.getByLabel('Your name').fill('W'.repeat(40))
      await page.getByLabel('Remember me').check()
      await press(page, 'role=button[name="Sign in"]')
      await press(page, 'role=button[name="Switch to dark"]')
      await screenshot(page, `demo-${width}-dark`)
      assert.equal((await shown(page)).user, 'W'.repeat(40))
      const content = await page.evaluate('document.documentElement.scrollWidth')
      assert.equal(content, width, 'the page does not scroll horizontally')
    })
  }
})

async function loginCookie(context: BrowserContext) {
  return (await context.cookies()).find(cookie => cookie.name === 'login')
}

async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(outputFolder, `${name}.png`), fullPage: true })
}
