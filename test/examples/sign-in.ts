/** Browser tests for examples whose pages have the same forms in every framework. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Cookie, Page } from 'playwright-core'
import { launchBrowser } from '../support/http/browser.ts'
import { until } from '../support/until.ts'

/** Tests the example at this origin in a real browser. */
export function signInTests(origin: () => string): void {
  let browser: Browser
  before(async () => {
    browser = await launchBrowser()
  })
  after(() => browser?.close())

  const visit = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(origin())
    return page
  }
  const newVisitor = async (): Promise<Page> => visit(await browser.newContext())

  test('keeps the cart and changes the id when a guest signs in', async () => {
    const page = await newVisitor()
    assert.equal(await page.textContent('h1'), 'Guest')
    await add(page, 'tea')
    const guest = await cookieOf(page)
    await signIn(page, 'ann')
    assert.equal(await page.textContent('#cart'), 'tea')
    const { value } = await cookieOf(page)
    assert.notEqual(value, guest.value)

    const thief = await browser.newContext()
    await thief.addCookies([guest])
    assert.equal(await (await visit(thief)).textContent('h1'), 'Guest')
  })

  test('shows a message once', async () => {
    const page = await newVisitor()
    await signIn(page, 'ann')
    await page.waitForSelector('#flashes >> text=Welcome back')
    await until('the message is gone', async () => {
      await page.goto(origin())
      return (await page.textContent('#flashes')) === ''
    })
  })

  test('sets a persistent cookie only for visitors who want to be remembered', async () => {
    const page = await newVisitor()
    await page.check('[name=remember]')
    await signIn(page, 'ann')
    const { expires, httpOnly, secure, sameSite } = await cookieOf(page)
    assert.ok(Math.abs(expires - Date.now() / 1000 - 30 * 86_400) < 600, String(expires))
    assert.deepEqual([httpOnly, secure, sameSite], [true, true, 'Lax'])

    const other = await newVisitor()
    await signIn(other, 'ann')
    assert.equal((await cookieOf(other)).expires, -1)
  })

  test('shares the session between two tabs', async () => {
    const tab = await newVisitor()
    await signIn(tab, 'ann')
    const other = await visit(tab.context())
    assert.equal(await other.textContent('h1'), 'ann')
    await add(other, 'cup')
    await add(tab, 'tea')
    await other.reload()
    assert.equal(await other.textContent('#cart'), 'cup, tea')
  })

  test('signs a visitor out in other browsers too', async () => {
    const [here, there] = [await newVisitor(), await newVisitor()]
    const bob = await newVisitor()
    await signIn(here, 'eve')
    await signIn(there, 'eve')
    await signIn(bob, 'bob')
    await here.click('text=Sign out everywhere')
    await here.waitForSelector('h1 >> text=Guest')
    assert.deepEqual(await here.context().cookies(), [])
    await there.reload()
    assert.equal(await there.textContent('h1'), 'Guest')
    await bob.reload()
    assert.equal(await bob.textContent('h1'), 'bob')
  })
}

async function signIn(page: Page, user: string): Promise<void> {
  await page.fill('[name=user]', user)
  await page.click('button >> text=Sign in')
  await page.waitForSelector(`h1 >> text=${user}`)
}

async function add(page: Page, item: string): Promise<void> {
  await page.fill('[name=item]', item)
  await page.click('button >> text=Add')
  await page.waitForSelector(`#cart >> text=${item}`)
}

async function cookieOf(page: Page): Promise<Cookie> {
  const cookies = await page.context().cookies()
  assert.equal(cookies.length, 1)
  return cookies[0] as Cookie
}
