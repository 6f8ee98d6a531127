/** Takes the pictures of docs/inspector.md: `npm run docs:inspector`. Another folder can be passed. */

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { serveWeb } from '../adapters/apps/web.ts'
import { launchBrowser } from '../support/http/browser.ts'
import { busyApp } from './traffic.ts'

const folder =
  process.argv[2] ?? fileURLToPath(new URL('../../docs/images/inspector', import.meta.url))
mkdirSync(folder, { recursive: true })

const panel = await busyApp()
const app = await serveWeb(request => panel.fetch(request))
const browser = await launchBrowser()

async function take(
  name: string,
  query: string,
  { width = 1200, height = 800, dark = false, act = async (_: Page): Promise<void> => {} } = {},
): Promise<void> {
  const colorScheme = dark ? 'dark' : 'light'
  const page = await browser.newPage({ viewport: { width, height }, colorScheme })
  await page.goto(app.origin + query)
  await act(page)
  await page.screenshot({ path: `${folder}/${name}.png` })
  await page.close()
}

try {
  await take('overview', '/', { height: 720 })
  await take('session', '/?view=sessions&owner=ann%40example.com', {
    height: 760,
    async act(page) {
      await page.getByRole('rowheader').first().getByRole('link').click()
      await page.getByRole('button', { name: 'Show city' }).click()
      await page.locator('pre').waitFor()
    },
  })
  await take('timeline', '/?view=timeline', { dark: true, height: 640 })
} finally {
  await browser.close()
  await app.close()
}
