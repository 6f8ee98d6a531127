/** The demo in a browser. */

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { newDemo } from '../../src/demo/demo.ts'
import { allScenes } from '../../src/demo/scenes/index.ts'
import { type RunningDemo, startDemo } from '../../src/demo/start.ts'
import { launchBrowser } from '../support/http/browser.ts'
import { needs } from '../support/services/programs.ts'
import { until } from '../support/until.ts'

const shots = fileURLToPath(new URL('../../test-output/demo', import.meta.url))
/** How many pixels the page can be scrolled to the right. */
const sidewaysScroll = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
const scenes = allScenes(newDemo('unused', () => 0))

suite('demo in a browser', needs('chromium'), () => {
  let demo: RunningDemo
  let browser: Browser
  /** What the pages of a test have reported to the console. */
  let reports: string[]

  before(async () => {
    mkdirSync(shots, { recursive: true })
    ;[demo, browser] = await Promise.all([startDemo({ port: 0 }), launchBrowser()])
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  after(() => Promise.all([browser.close(), demo.close()]))

  async function newVisitor(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    reports = []
    context.on('console', message => reports.push(`${message.type()}: ${message.text()}`))
    context.on('weberror', error => reports.push(error.error().message))
    return context
  }

  /** Opens a scene as a new visitor. */
  async function open(path: string, options?: BrowserContextOptions): Promise<Page> {
    const page = await (await newVisitor(options)).newPage()
    await page.goto(demo.url + path)
    return page
  }

  /** Clicks a button that opens a new tab. */
  async function newTab(page: Page, role: 'button' | 'link', name: RegExp): Promise<Page> {
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole(role, { name }).click(),
    ])
    await tab.waitForLoadState()
    return tab
  }

  suite('scenes', () => {
    afterEach(() => assert.deepEqual(reports, [], 'nothing in the console'))

    test('sign-in: the cookie from before the sign-in opens nothing', async () => {
      const page = await open('/sign-in')
      const planted = await page.context().cookies()
      await page.getByLabel('Your name').fill('Ann')
      await press(page, 'Sign in')
      assert.equal(await page.locator('h2').first().innerText(), 'Hello, Ann')
      assert.match(await page.locator('#attack').innerText(), /refused\s+unknown-id/)

      const attacker = await newVisitor()
      await attacker.addCookies(planted)
      const stolen = await attacker.newPage()
      await stolen.goto(`${demo.url}/sign-in`)
      await stolen.getByText('You are a guest').waitFor()
    })

    test('sign out elsewhere: the other tab closes without a reload', async () => {
      const page = await open('/devices')
      await press(page, 'Sign in')
      const phone = await newTab(page, 'button', /Open a phone/)
      await page.getByText('Signed in on 2 devices').waitFor()
      const tablet = await newTab(page, 'button', /Open a tablet/)
      await phone.getByText('Signed in on 3 devices').waitFor()
      await phone.evaluate('window.wasNotReloaded = true')
      await press(page, 'Sign out everywhere else')
      await Promise.all([phone, tablet].map(tab => tab.locator('#ended').waitFor()))
      assert.equal(await phone.evaluate('window.wasNotReloaded'), true)
      await page.getByText('Signed in on 1 device').waitFor()

      await press(phone, 'Sign in again')
      await page.getByText('Signed in on 2 devices').waitFor()
      await press(phone, 'Sign out everywhere else')
      await page.getByText('This browser is signed out').waitFor()
    })

    test('race: the carts and the lost products are shown next to each other', async () => {
      const page = await open('/race')
      await press(page, 'Run the race')
      const [ours, theirs] = [
        page.locator('section', { has: page.locator('#ours') }).last(),
        page.locator('section', { has: page.locator('#theirs') }).last(),
      ]
      assert.match(await ours.innerText(), /8 of 8 kept/)
      assert.match(await theirs.innerText(), /4 of 8 kept/)
      assert.equal(await ours.locator('rect.lost').count(), 0)
      assert.equal(await theirs.locator('rect.lost').count(), 4)
      assert.equal(await theirs.locator('s').count(), 4)
    })

    test('tampering: the browser sends the bad cookie, and the page names the reason', async () => {
      const page = await open('/tampering')
      await press(page, 'Get a valid cookie')
      assert.match(await page.locator('#verdict').innerText(), /Accepted\s+valid/)
      for (const [name, reason] of [
        ['Change one character', 'bad-mac'],
        ['Cut off the end', 'bad-mac'],
        ['Use another cookie', 'bad-mac'],
        ['Make one with another key', 'unknown-key'],
        ['Send one from two days ago', 'expired'],
        ['Send one from tomorrow', 'too-new'],
        ['Replay one after its sign-out', 'revoked'],
        ['Send nonsense', 'malformed'],
      ] as const) {
        await press(page, name)
        assert.match(await page.locator('#verdict').innerText(), new RegExp(`Refused\\s+${reason}`))
        const [note] = (await page.context().cookies(page.url())).filter(
          ({ name }) => name === 'demo-note',
        )
        assert.equal(await page.locator('dd .value').first().innerText(), note?.value)
      }
    })

    test('forms: errors are at their fields, and the input is kept once', async () => {
      const page = await open('/forms')
      await page.getByLabel('Name').fill('Ann')
      await page.getByLabel('Email').fill('ann.example')
      await page.getByLabel('Password').fill('short')
      await press(page, 'Create account')
      const email = page.getByLabel('Email')
      assert.equal(await email.inputValue(), 'ann.example')
      assert.equal(await page.getByLabel('Password').inputValue(), '')
      const description = await email.getAttribute('aria-describedby')
      assert.equal(await page.locator(`#${description}`).innerText(), 'Enter an address with an @.')
      await page.reload()
      assert.equal(await page.getByLabel('Email').inputValue(), '')
    })

    test('forged form: only the form of the page itself is accepted', async () => {
      const page = await open('/forged-form')
      await press(page, 'Give ten bananas')
      assert.equal(await page.locator('#bananas').innerText(), '10')

      const other = await newTab(page, 'link', /Visit the other page/)
      assert.equal(await other.title(), 'You have won!')
      const [request] = await Promise.all([
        other.waitForRequest(`${demo.url}/forged-form`),
        press(other, 'Claim your prize'),
      ])
      const headers = await request.allHeaders()
      assert.match(headers.cookie ?? '', /demo-wallet=/, 'the browser attached the cookie')
      assert.equal(headers['sec-fetch-site'], 'same-site')
      await other.getByText('cross-origin').waitFor()

      await press(page, 'Send it without a token')
      await page.getByText('csrf-token-invalid').waitFor()
      await page.getByRole('link', { name: 'Back to the demo' }).click()
      assert.equal(await page.locator('#bananas').innerText(), '10')
      // Chromium reports the two refusals as errors.
      const isRefusal = (report: string) => /403 \(Forbidden\)/.test(report)
      await until('two refusals', () => reports.filter(isRefusal).length === 2)
      reports = reports.filter(report => !isRefusal(report))
    })

    test('key rotation: the cookie is replaced, and that of a sleeping browser refused', async () => {
      const page = await open('/key-rotation')
      await press(page, 'Put a new key in front')
      assert.match(await page.locator('#yours').innerText(), /accepted becomes key/)
      assert.match(await page.locator('#asleep').innerText(), /accepted/)
      assert.equal(await page.locator('#keys li').count(), 2)
      await press(page, 'Drop the old keys')
      assert.match(await page.locator('#yours').innerText(), /accepted/)
      assert.match(await page.locator('#asleep').innerText(), /unknown-key/)
      assert.equal(await page.locator('#keys li').count(), 1)
    })

    test('timeline: an open page shows the requests of another tab', async () => {
      const page = await open('/timeline')
      const tab = await page.context().newPage()
      await tab.goto(`${demo.url}/tampering`)
      await page.getByText('GET /tampering').waitFor()
      await press(tab, 'Send nonsense')
      await page.getByText('refused: malformed').first().waitFor()
    })

    test('stores: the values are the same in every store', async () => {
      const page = await open('/stores')
      await press(page, 'Add a product')
      await press(page, 'Add a product')
      for (const [store, part] of [
        ['Memory', 'a record in memory'],
        ['File', 'an encrypted file'],
        ['Cookie', 'nothing but the key'],
      ] as const) {
        await press(page, store)
        assert.equal(
          await page.getByRole('button', { name: store, exact: true }).getAttribute('aria-pressed'),
          'true',
        )
        const facts = await page.locator('dl').innerText()
        assert.match(facts, /Apples, Bread/)
        assert.ok(facts.includes(part), facts)
      }
    })
  })

  test('works with the keyboard alone', async () => {
    const page = await open('/')
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Skip to the content')
    await tabTo(page, 'Sign in')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/sign-in')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Your name')
    await page.keyboard.type('Ann')
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
    await page.getByText('Hello, Ann').waitFor()
    await tabTo(page, 'Sign out')
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Space')])
    await page.getByText('You are a guest').waitFor()
  })

  test('works without JavaScript', async () => {
    const page = await open('/devices', { javaScriptEnabled: false })
    await press(page, 'Sign in')
    const phone = await newTab(page, 'button', /Open a phone/)
    await page.reload()
    await press(page, 'Sign out everywhere else')
    await phone.reload()
    await phone.locator('#ended').waitFor()
    await page.goto(`${demo.url}/race`)
    await press(page, 'Run the race')
    await page.getByText('8 of 8 kept').waitFor()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      test(`every page fits ${width} pixels and is readable in ${colorScheme} mode`, async () => {
        const page = await open('/', { viewport: { width, height: 800 }, colorScheme })
        const visit = async (path: string, ...buttons: string[]): Promise<void> => {
          await page.goto(demo.url + path)
          for (const name of buttons) await press(page, name)
          const name = path.replace(/\W+/g, '-').replace(/^-/, '') || 'home'
          await page.screenshot({
            path: join(shots, `${name}-${width}-${colorScheme}.png`),
            fullPage: true,
          })
          assert.equal(await page.evaluate(sidewaysScroll), 0, path)
          assert.deepEqual(await faintText(page), [], path)
          assert.deepEqual(await namelessControls(page), [], path)
        }
        await visit('/')
        const steps: Readonly<Record<string, string[]>> = {
          '/devices': ['Sign in'],
          '/race': ['Run the race'],
          '/tampering': ['Change one character'],
          '/forms': ['Create account'],
          '/key-rotation': ['Put a new key in front', 'Drop the old keys'],
          '/stores': ['Add a product', 'File'],
        }
        for (const { path } of scenes) await visit(path, ...(steps[path] ?? []))
        await visit('/devices?on=phone', 'Sign in again')
        assert.deepEqual(reports, [])
        const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
        assert.equal(background, colorScheme === 'light' ? 'rgb(247, 247, 245)' : 'rgb(18, 20, 22)')
      })
    }
  }
})

/** Clicks a button and waits for the next page. */
async function press(page: Page, name: string): Promise<void> {
  const isWhole = !['Use another', 'Open', 'Send'].some(start => name.startsWith(start))
  const loaded = page.waitForEvent('load')
  await page.getByRole('button', { name, exact: isWhole }).click()
  await loaded
}

/** The name of the element that has the focus. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    const [label] = element instanceof HTMLInputElement ? (element.labels ?? []) : []
    return label?.textContent ?? element.querySelector('h2')?.textContent ?? element.innerText
  })
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    if ((await focused(page)) !== name) continue
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    )
    assert.equal(outline, 'solid', `the focus on ${name} is visible`)
    return
  }
  assert.fail(`no Tab reaches ${name}`)
}

/** Texts whose contrast is less than WCAG 2.2 AA asks for: 4.5, or 3 for large text (1.4.3). */
async function faintText(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found: { text: string; size: number; ink: string; backgrounds: string[] }[] = []
    for (const element of document.querySelectorAll('body *')) {
      const texts = [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)
      const text = texts.map(node => node.textContent?.trim()).join(' ')
      if (!text.trim()) continue
      const { color, fill, fontSize } = getComputedStyle(element)
      const backgrounds: string[] = []
      for (let each: Element | null = element; each; each = each.parentElement) {
        backgrounds.push(getComputedStyle(each).backgroundColor)
      }
      const ink = element instanceof SVGElement ? fill : color
      found.push({ text, size: Number.parseFloat(fontSize), ink, backgrounds })
    }
    return found
  })
  assert.ok(texts.length > 5)
  return texts.flatMap(({ text, size, ink, backgrounds }) => {
    const background = backgrounds.find(colour => channels(colour)[3] !== 0) ?? ''
    const contrast = contrastOf(ink, background)
    return contrast < (size >= 24 ? 3 : 4.5) ? [`${contrast.toFixed(2)}: ${text}`] : []
  })
}

function channels(colour: string): number[] {
  return (colour.match(/[\d.]+/g) ?? []).map(Number)
}

/** The contrast ratio of WCAG 2.2. */
function contrastOf(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return ((lighter as number) + 0.05) / ((darker as number) + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map(value => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Controls and pictures that a screen reader could not name. */
function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('a, button, input:not([type=hidden]), svg, img, nav, section')]
      .filter(element => {
        const labels = element instanceof HTMLInputElement ? (element.labels?.length ?? 0) : 0
        const own = element.getAttribute('aria-label') ?? element.getAttribute('aria-labelledby')
        const isNamed =
          labels > 0 || own || element.hasAttribute('alt') || element.textContent?.trim()
        return !isNamed
      })
      .map(element => element.outerHTML.slice(0, 80)),
  )
}
