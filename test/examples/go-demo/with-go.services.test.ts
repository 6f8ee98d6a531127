/** The demo and a Go program that share keys and session files, visited with the same browser. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../../support/http/browser.ts'
import { type Running, start } from '../../support/processes/process.ts'
import { findProgram, needs } from '../../support/services/programs.ts'
import {
  press,
  type Shown,
  sendForm,
  sessionFiles,
  shown,
  signIn,
  startDemo,
  temporaryFolder,
} from './support.ts'

const pairs = ['30', '31', '32', '33'].map(byte => byte.repeat(32)).join(',')

describe('demo and Go program', needs('chromium', 'go'), () => {
  const folder = temporaryFolder()
  let shops: { demo: Running; go: Running }
  let browser: Browser

  before(async () => {
    const [go, demo, launched] = await Promise.all([
      startGoShop(folder),
      startDemo({ SESSION_DIR: folder, SESSION_KEYS: pairs }),
      launchBrowser(),
    ])
    shops = { go, demo }
    browser = launched
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  after(() => Promise.all([browser.close(), shops.go.stop(), shops.demo.stop()]))

  /** Opens a shop. Cookies do not depend on the port, so the browser sends them to both shops. */
  async function open(page: Page, shop: 'demo' | 'go'): Promise<Shown> {
    await page.goto(shops[shop].match[1] as string)
    return shown(page)
  }

  for (const [first, second] of [
    ['go', 'demo'],
    ['demo', 'go'],
  ] as const) {
    test(`a session from ${first} continues in ${second} and back`, async () => {
      const guest = { demo: 'guest', go: '' }
      const page = await browser.newPage()
      await open(page, first)
      await press(page, '#add')
      await signIn(page, 'Zoë <b>', true)
      await press(page, '#add')
      await press(page, '#add')
      assert.deepEqual(
        await open(page, second),
        { user: 'Zoë <b>', cart: '3', theme: 'light', flashes: [] },
        'signed in at the first shop, recognised by the second',
      )

      await press(page, '#add')
      if (second === 'go') await page.locator('[name=theme]').selectOption('dark')
      await press(page, '#choose')
      assert.deepEqual(
        await open(page, first),
        { user: 'Zoë <b>', cart: '4', theme: 'dark', flashes: [] },
        'changed by the second shop, seen by the first',
      )

      const before = sessionFiles(folder).length
      await press(page, '#sign-out')
      assert.equal(sessionFiles(folder).length, before - 1)
      assert.deepEqual(
        { ...(await open(page, second)), flashes: [] },
        { user: guest[second], cart: '0', theme: 'dark', flashes: [] },
        'signed out at the first shop, a guest at the second',
      )
    })

    test(`a flash message from ${first} is shown by ${second} once`, async () => {
      const page = await browser.newPage()
      await open(page, first)
      await signIn(page, 'Ann')
      // Submit the form without loading the next page, which would show the message.
      await sendForm(page, '/cart')
      assert.deepEqual((await open(page, second)).flashes, ['Added to cart'])
      assert.deepEqual((await open(page, second)).flashes, [])
      assert.deepEqual(await open(page, first), {
        user: 'Ann',
        cart: '1',
        theme: 'light',
        flashes: [],
      })
    })
  }
})

async function startGoShop(folder: string): Promise<Running> {
  const program = join(temporaryFolder(), 'web')
  const cwd = fileURLToPath(new URL('../../../interop/go', import.meta.url))
  await promisify(execFile)(findProgram('go') as string, ['build', '-o', program, './cmd/web'], {
    cwd,
  })
  return start(program, ['-dir', folder, '-keys', pairs], /listening on (http:.*)/)
}
