/** Helpers for the tests of the demo: its process, its pages and its session files. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type Running, start } from '../../support/processes/process.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The folder for screenshots. */
export const outputFolder: string = join(root, 'test-output')

/** The arguments with which `npm run demo:go` starts Node. */
export const demoCommand: string[] = [
  '--import',
  'tsx',
  '--conditions=@silverback/source',
  join(root, 'examples/go-demo/server.ts'),
]

/** Creates a folder that is removed after the tests of this file, or of the suite. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts the demo in a process of its own, on a free port. */
export function startDemo(env: Record<string, string>): Promise<Running> {
  return start(process.execPath, demoCommand, /listening on (http:.*)/, {
    cwd: root,
    env: { ...process.env, PORT: '0', ...env },
  })
}

/** The names of the session files in a folder. */
export function sessionFiles(folder: string): string[] {
  return readdirSync(folder).filter(name => name.startsWith('session_'))
}

/** The content of a page, the same for the demo and the Go program. */
export interface Shown {
  user: string
  cart: string
  theme: string
  flashes: string[]
}

/** Reads the content of a page. */
export async function shown(page: Page): Promise<Shown> {
  return {
    user: await textOf(page, '#user'),
    cart: await textOf(page, '#cart'),
    theme: await textOf(page, '#theme'),
    flashes: await page.locator('#flashes li').allTextContents(),
  }
}

/** The text of an element. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? ''
}

/** Clicks a submit button and waits for the next page. */
export async function press(page: Page, selector: string): Promise<void> {
  const loaded = page.waitForEvent('load')
  await page.locator(selector).click()
  await loaded
}

/** Submits the form at this path as the page would, without following the redirect. */
export async function sendForm(page: Page, path: string): Promise<void> {
  const token = page.locator(`form[action="${path}"] [name=_csrf]`)
  const form = (await token.count()) > 0 ? { _csrf: await token.inputValue() } : {}
  const { origin } = new URL(page.url())
  await page.request.post(origin + path, { form, headers: { origin }, maxRedirects: 0 })
}

/** Fills in and submits the sign-in form. */
export async function signIn(page: Page, name: string, remember = false): Promise<void> {
  await page.locator('[name=name]').fill(name)
  await page.locator('[name=remember]').setChecked(remember)
  await press(page, '#sign-in')
}
