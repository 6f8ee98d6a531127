/** The built documentation in a browser. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../support/http/browser.ts'
import { serveFolder } from '../support/http/static-site.ts'
import { needs } from '../support/services/programs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(root, 'docs/.vitepress/dist')
const desktop = { viewport: { width: 1280, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** Pages with what is most likely to go wrong: tables, long code, tabs, diagrams, generated text. */
const pages = [
  '/',
  '/getting-started',
  '/how-it-works',
  '/performance',
  '/backends/',
  '/adapters/express',
  '/reference/options',
  '/errors',
  '/project/changelog',
  '/api/silverback/redis',
]

suite('documentation site', needs('chromium'), () => {
  let site: Awaited<ReturnType<typeof serveFolder>>
  let browser: Browser

  before(async () => {
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'docs:build'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    assert.equal(status, 0, stderr)
    site = await serveFolder(dist)
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** Runs a task in a page. Fails if the page logs an error or requests anything from elsewhere. */
  async function visit(
    options: BrowserContextOptions,
    task: (page: Page) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', message => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', error => problems.push(error.message))
    page.on('request', request => {
      if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(site.origin)) {
        problems.push(`requests ${request.url()}`)
      }
    })
    try {
      await task(page)
      assert.deepEqual(problems, [])
    } finally {
      await context.close()
    }
  }

  /** Opens a page. Resolves once its scripts respond to clicks and keys. */
  async function open(page: Page, path = '/'): Promise<void> {
    await page.goto(site.origin + path)
    await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') as Element))
  }

  for (const [name, options] of Object.entries({ desktop, phone })) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`pages fit the screen and log no error: ${name}, ${colorScheme}`, () =>
        visit({ ...options, colorScheme }, async page => {
          for (const path of pages) {
            await page.goto(site.origin + path, { waitUntil: 'networkidle' })
            const shown = await page.evaluate(() => ({
              overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
              isDark: document.documentElement.classList.contains('dark'),
            }))
            assert.deepEqual(shown, { overflow: 0, isDark: colorScheme === 'dark' }, path)
          }
        }))
    }
  }

  test('the search finds an error code, and a name of the API', () =>
    visit(desktop, async page => {
      await open(page)
      for (const [words, address] of [
        ['store-failed', '/errors#store-failed'],
        ['takeFlashes', '/api/silverback'],
      ] as const) {
        await page.locator('.VPNavBarSearch button').click()
        await page.locator('.VPLocalSearchBox input').fill(words)
        await page.locator(`.VPLocalSearchBox a.result[href^="${address}"]`).first().waitFor()
        await page.keyboard.press('Escape')
      }
    }))

  test('a result of the search opens with the keyboard', () =>
    visit(desktop, async page => {
      await open(page)
      await page.keyboard.press('Control+k')
      await page.locator('.VPLocalSearchBox input').fill('cookie-too-large')
      await page
        .locator('.VPLocalSearchBox a.result.selected[href*="errors#cookie-too-large"]')
        .waitFor()
      await page.keyboard.press('Enter')
      await page.waitForURL(/errors#cookie-too-large$/)
      await page.locator('h1', { hasText: 'Errors' }).waitFor()
    }))

  test('the menu of a phone leads to a page', () =>
    visit(phone, async page => {
      await open(page, '/getting-started')
      await page.locator('.VPLocalNav .menu').click()
      await page.locator('.VPSidebar a[href="/production"]').click()
      await page.waitForURL(/\/production$/)
      await page.locator('.VPSidebar.open').waitFor({ state: 'detached' })
    }))

  test('tabs show one block at a time', () =>
    visit(desktop, async page => {
      await open(page, '/getting-started')
      const group = page.locator('.vp-code-group').first()
      await group.locator('label', { hasText: 'Fastify' }).click()
      const shown = await group.locator('.blocks > div:visible').allInnerTexts()
      assert.equal(shown.length, 1)
      assert.match(String(shown[0]), /silverback\/fastify/)
    }))

  test('llms.txt lists pages as Markdown, and llms-full.txt has their text', () => {
    const list = readFileSync(join(dist, 'llms.txt'), 'utf8')
    const links = [...list.matchAll(/\]\((\/[^)]+\.md)\)/g)].map(match => match[1] as string)
    assert.ok(links.length > 50)
    for (const link of links) assert.ok(existsSync(join(dist, link)), link)
    assert.match(readFileSync(join(dist, 'llms-full.txt'), 'utf8'), /^# Your first session$/m)
  })
})
