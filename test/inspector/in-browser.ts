/** Browser tests of the inspector, wherever it is mounted. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, afterEach, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { ServerStore, Session } from 'silverback'
import { loginAs } from 'silverback/testing'
import { listen } from '../adapters/apps/node-http.ts'
import { launchBrowser } from '../support/http/browser.ts'

/** An app with the inspector. */
export interface Mounted {
  /** The URL of the inspector. */
  readonly url: string
  /** A store with the sessions of the app, in this process. */
  readonly store: ServerStore
}

const attack = `"><script>document.title='attacked'</script><img src=x onerror="document.title='attacked'">`

/** Tests the inspector in a real browser. It must show the sessions `login` of the store. */
export function browserTests(mounted: () => Mounted): void {
  let browser: Browser
  /** What went wrong in pages: errors of scripts, and violations of the content security policy. */
  let problems: string[] = []
  before(async () => {
    browser = await launchBrowser()
  })
  afterEach(async () => {
    await Promise.all(browser.contexts().map(context => context.close()))
    await mounted().store.revokeEverything()
    const found = problems
    problems = []
    assert.deepEqual(found, [])
  })
  after(() => browser?.close())

  async function open(query = '', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    page.on('pageerror', error => problems.push(String(error)))
    page.on('console', message => {
      if (/security policy|violates/i.test(message.text())) problems.push(message.text())
    })
    await page.goto(mounted().url + query)
    return page
  }

  async function begin(owner: string, values: object = {}): Promise<string> {
    const { store } = mounted()
    const change = (session: Session): void => void Object.assign(session.values, values)
    const cookie = await loginAs({ store, name: 'login' }, owner, {}, { change })
    return cookie.slice('login='.length)
  }

  const owned = async (owner: string): Promise<number> =>
    (await mounted().store.sessionsOf(owner)).length

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with its script' : 'without its script'

    test(`finds a session, shows a value and ends it, ${how}`, async () => {
      for (let device = 0; device < 2; device++)
        await begin('ann', { city: 'Lyon', token: 'hidden' })
      const page = await open('?view=sessions', { javaScriptEnabled })
      await page.getByLabel('Owner').fill('ann')
      await page.getByRole('button', { name: 'Find' }).click()
      await page.getByRole('rowheader').first().getByRole('link').click()
      await page.waitForURL(/view=session&/)
      const address = page.url()
      assert.ok(!(await page.content()).includes('Lyon'))
      await page.getByRole('button', { name: 'Show city' }).click()
      assert.equal(await page.getByLabel('Value of city').textContent(), 'Lyon')
      assert.equal(await page.getByRole('button', { name: 'Show token' }).count(), 0)
      assert.equal(page.url(), address)

      await page.getByRole('link', { name: 'Revoke all others of this owner' }).click()
      await page.getByRole('button', { name: 'Revoke the others' }).click()
      await page.getByText('Revoked 1 session.').waitFor()
      assert.equal(await owned('ann'), 1)
      await page.getByRole('link', { name: 'Revoke this session' }).click()
      await page.getByRole('link', { name: 'Cancel' }).click()
      assert.equal(await owned('ann'), 1)
      await page.getByRole('link', { name: 'Revoke this session' }).click()
      await page.getByRole('button', { name: 'Revoke the session' }).click()
      await page.getByText('Revoked 1 session.').waitFor()
      assert.equal(await owned('ann'), 0)
    })
  }

  test('explains a cookie without putting it into the address or the page', async () => {
    const cookie = await begin('ann')
    const page = await open('?view=explain')
    await page.getByLabel('Name of the cookie').fill('login')
    await page.getByLabel('Cookie', { exact: true }).fill(cookie)
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByRole('heading', { name: 'A session that is alive' }).waitFor()
    assert.ok(!page.url().includes(cookie))
    assert.ok(!(await page.content()).includes(cookie))
  })

  test('is used with the keyboard alone', async () => {
    await begin('ann')
    const page = await open('?view=sessions&owner=ann')
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.textContent ?? '')
    await page.keyboard.press('Tab')
    assert.equal(await focused(), 'Skip to the content')
    await page.keyboard.press('Enter')
    for (let press = 0; press < 10 && !/^Revoke this/.test(await focused()); press++) {
      await page.keyboard.press('Tab')
    }
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    )
    assert.equal(outline, 'solid')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Revoke the session' }).waitFor()
    for (let press = 0; press < 20 && !/^Revoke the/.test(await focused()); press++) {
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await page.getByText('Revoked 1 session.').waitFor()
    assert.equal(await owned('ann'), 0)
  })

  test('runs nothing that sessions contain', async () => {
    await begin(attack, { [attack]: attack, plain: attack })
    const [info] = await mounted().store.sessionsOf(attack)
    const owner = encodeURIComponent(attack)
    const page = await open()
    for (const query of [
      '',
      '?view=sessions',
      `?view=sessions&owner=${owner}`,
      '?view=timeline',
      `?view=timeline&owner=${owner}`,
      `?view=confirm&action=revoke-owner&owner=${owner}`,
      `?view=session&handle=${info?.handle}`,
    ]) {
      await page.goto(mounted().url + query)
      assert.match(await page.title(), /Session inspector$/)
      assert.equal(await page.locator('img').count(), 0)
    }
    await page.getByRole('button', { name: 'Show plain' }).click()
    assert.equal(await page.getByLabel('Value of plain').textContent(), attack)
    assert.match(await page.title(), /Session inspector$/)
  })

  test('refuses forms of other sites, and to be framed', async () => {
    await begin('ann')
    const [info] = await mounted().store.sessionsOf('ann')
    const { url } = mounted()
    // Another site, on which the browser has the visitor's cookie of the inspector.
    const page = await open(`?view=confirm&action=revoke&handle=${info?.handle}`)
    const token = await page.locator('[name=token]').getAttribute('value')
    const attacker = await listen(
      createServer((request, response) => {
        response.setHeader('content-type', 'text/html')
        if (request.url === '/frame') return response.end(`<iframe src="${url}"></iframe>`)
        return response.end(`<form method="post" action="${url}">
          <input name="action" value="revoke"><input name="handle" value="${info?.handle}">
          <input name="owner" value="ann"><input name="token" value="${token}">
          <button>go</button></form>`)
      }),
    )
    try {
      await page.goto(attacker.origin)
      const [response] = await Promise.all([page.waitForNavigation(), page.click('button')])
      assert.equal(response?.status(), 403)
      assert.equal(await owned('ann'), 1)
      const refusal = page.waitForEvent('console', message =>
        /frame-ancestors/.test(message.text()),
      )
      await page.goto(`${attacker.origin}/frame`)
      await refusal
      const frame = page.frames()[1]
      assert.doesNotMatch((await frame?.content()) ?? '', /Session inspector/)
      assert.ok(problems.some(problem => /frame-ancestors/.test(problem)))
      problems = []
    } finally {
      await attacker.close()
    }
  })

  test('fits a phone, with labels and headings', async () => {
    await begin('a-very-long-owner-name-without-any-spaces@an-equally-long-host-name.example', {
      a: 'b',
    })
    const [info] = await mounted().store.sessionsOf(
      'a-very-long-owner-name-without-any-spaces@an-equally-long-host-name.example',
    )
    const queries = ['', '?view=sessions', '?view=timeline', '?view=explain']
    queries.push(
      `?view=session&handle=${info?.handle}`,
      `?view=confirm&action=revoke&handle=${info?.handle}`,
    )
    const page = await open('', { viewport: { width: 360, height: 740 } })
    for (const query of queries) {
      await page.goto(mounted().url + query)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        const found = await page.evaluate(() => ({
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          headings: document.querySelectorAll('h1').length,
          unlabelled: [
            ...document.querySelectorAll('input:not([type=hidden]), select, textarea'),
          ].filter(field => !(field as HTMLInputElement).labels?.length).length,
          unnamed: [...document.querySelectorAll('a, button')].filter(
            each => !each.textContent?.trim(),
          ).length,
          background: getComputedStyle(document.body).backgroundColor,
        }))
        const background = colorScheme === 'light' ? 'rgb(246, 247, 247)' : 'rgb(16, 20, 22)'
        assert.deepEqual(
          found,
          { overflow: 0, headings: 1, unlabelled: 0, unnamed: 0, background },
          query,
        )
      }
    }
  })
}
