/** Starts a real browser. */

import { type Browser, chromium } from 'playwright-core'
import { findProgram } from '../services/programs.ts'

/** How often Chromium is started before a test gives up. */
const attempts = 3

/**
 * Starts Chromium, headless and without connections of its own to the internet. On a busy machine it sometimes crashes
 * while it starts its first renderer, so a page is opened before the browser is used.
 */
export async function launchBrowser(): Promise<Browser> {
  for (let attempt = 1; ; attempt++) {
    const browser = await launch()
    try {
      const page = await browser.newPage()
      await page.goto('data:text/html,<p>ready')
      await page.close()
      return browser
    } catch (error) {
      await browser.close()
      if (attempt === attempts) throw error
    }
  }
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') as string,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
