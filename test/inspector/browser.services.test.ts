import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import type { Browser } from 'playwright-core'
import { ServerStore } from 'silverback'
import { type Inspector, inspector } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { loginAs } from 'silverback/testing'
import type { RunningApp } from 'silverback/testing/adapters'
import { listen } from '../adapters/apps/node-http.ts'
import { launchBrowser } from '../support/http/browser.ts'
import { keys } from '../support/keys.ts'
import { needs } from '../support/services/programs.ts'
import { browserTests } from './in-browser.ts'

const path = '/admin/sessions'

const mounts: Record<string, (panel: Inspector) => Promise<RunningApp>> = {
  Express: panel => listen(express().use(path, panel.node)),
  Hono: panel =>
    new Promise(resolve => {
      const app = new Hono().all(path, c => panel.fetch(c.req.raw))
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve({
          origin: `http://127.0.0.1:${port}`,
          close: () => new Promise(closed => server.close(() => closed())),
        }),
      )
    }),
}

for (const [name, mount] of Object.entries(mounts)) {
  suite(`the inspector in ${name} and in Chromium`, needs('chromium'), () => {
    const store = new ServerStore(memory(), { keys })
    let app: RunningApp
    before(async () => {
      app = await mount(inspector({ stores: { login: store }, authorize: () => true }))
    })
    after(() => app.close())
    // Chromium trusts localhost as it does HTTPS, so that it sends Sec-Fetch-Site.
    browserTests(() => ({ url: `${app.origin.replace('127.0.0.1', 'localhost')}${path}`, store }))
  })
}

suite('live pages of the inspector', needs('chromium'), () => {
  const store = new ServerStore(memory(), { keys })
  let app: RunningApp
  let browser: Browser
  before(async () => {
    const panel = inspector({ stores: { login: store }, authorize: () => true })
    ;[app, browser] = await Promise.all([listen(express().use(path, panel.node)), launchBrowser()])
  })
  after(() => Promise.all([browser.close(), app.close()]))

  test('follow what happens, and can be paused', async () => {
    const page = await browser.newPage()
    await page.goto(app.origin + path)
    const begun = page.locator('.tile', { hasText: 'Begun' }).locator('b')
    assert.equal(await begun.textContent(), '0')
    await page.getByText('The numbers, minute by minute').click()
    await page.mouse.click(5, 5)
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await loginAs({ store, name: 'login' }, 'ann')
    await page.locator('.tile b', { hasText: /^1$/ }).first().waitFor()
    assert.equal(await begun.textContent(), '1')
    // What the visitor has opened stays open.
    assert.equal(await page.locator('details.numbers[open] table').count(), 1)

    const live = page.getByRole('button', { name: 'Live' })
    assert.equal(await live.getAttribute('aria-pressed'), 'true')
    await live.click()
    await page.getByRole('button', { name: 'Paused' }).waitFor()
    await loginAs({ store, name: 'login' }, 'ann')
    await sleep(4000)
    assert.equal(await begun.textContent(), '1')
  })
})
