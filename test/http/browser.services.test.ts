/** Tests cookies in Chromium. */

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/http/browser.ts'
import { needs } from '../support/services/programs.ts'
import { cookieNames, lengths, namesFor, serving, sessions } from './long-sessions.ts'

async function browsing(visits: (page: Page) => Promise<void>): Promise<void> {
  const browser = await launchBrowser()
  try {
    await visits(await browser.newPage())
  } finally {
    await browser.close()
  }
}

const textOf = async (page: Page, address: string): Promise<string> => {
  await page.goto(address)
  return (await page.textContent('body')) ?? ''
}

suite('Chromium', needs('chromium'), () => {
  test('keeps cookies of up to 4096 bytes of name and value', async () => {
    const handler: RequestListener = ({ url, headers }, response) => {
      const bytes = Number(url?.slice(1))
      if (bytes) response.setHeader('Set-Cookie', `c${bytes}=${'v'.repeat(bytes - 5)}`)
      response.end(headers.cookie ?? 'none')
    }
    await serving(handler, address =>
      browsing(async page => {
        for (const [bytes, kept] of [
          [4095, true],
          [4096, true],
          [4097, false],
        ] as const) {
          await page.context().clearCookies()
          await page.goto(`${address}/${bytes}`)
          const sent = await textOf(page, `${address}/none`)
          assert.equal(sent.startsWith(`c${bytes}=`), kept, `${bytes}`)
        }
      }),
    )
  })

  test('round-trips sessions in one to six cookies, growing and shrinking', async () => {
    await serving(sessions, address =>
      browsing(async page => {
        for (const [count, length] of [...lengths, ...lengths.toReversed()]) {
          await page.goto(`${address}/${length}`)
          assert.equal(await textOf(page, `${address}/show`), `${namesFor(count)} ${length}`)
        }
        await page.goto(`${address}/8000`)
        await page.goto(`${address}/0`)
        assert.equal(await textOf(page, `${address}/show`), ' no-cookie')
      }),
    )
  })

  test('drops cookies with the attributes that newCookie refuses', async () => {
    const lines = [
      'ok=1; Secure; SameSite=None',
      'none=1; SameSite=None',
      'parted=1; Partitioned',
      '__Host-a=1; Secure',
      '__Host-ok=1; Secure; Path=/',
      '__Secure-a=1',
      '__hOsT-b=1; Secure; Path=/x',
    ]
    const handler: RequestListener = (request, response) => {
      if (request.url === '/set') response.setHeader('Set-Cookie', lines)
      response.end(cookieNames(request))
    }
    await serving(handler, address =>
      browsing(async page => {
        await page.goto(`${address}/set`)
        assert.equal(await textOf(page, `${address}/`), '__Host-ok,ok')
      }),
    )
  })
})

suite('Chromium without TLS', needs('chromium'), () => {
  test('keeps Secure cookies for local hosts only', async () => {
    const lines = ['sid=1; Secure', '__Host-sid=1; Secure; Path=/', 'plain=1']
    const handler: RequestListener = (request, response) => {
      if (request.url === '/set') response.setHeader('Set-Cookie', lines)
      response.end(cookieNames(request))
    }
    await serving(handler, address =>
      browsing(async page => {
        const { port } = new URL(address)
        for (const host of ['localhost', 'shop.localhost']) {
          await page.goto(`http://${host}:${port}/set`)
          assert.equal(await textOf(page, `http://${host}:${port}/`), '__Host-sid,plain,sid', host)
        }
        // Other hosts, with responses that never leave this machine.
        for (const host of ['127.0.0.1', '[::1]', '10.255.255.1', 'shop.test']) {
          await page.route(`http://${host}/`, route =>
            route.fulfill({ headers: { 'set-cookie': lines.join('\n') }, body: '' }),
          )
          await page.goto(`http://${host}/`)
          const cookies = await page.context().cookies(`http://${host}/`)
          const kept = cookies.map(cookie => cookie.name).sort()
          const isLocal = host === '127.0.0.1' || host === '[::1]'
          assert.deepEqual(kept, isLocal ? ['__Host-sid', 'plain', 'sid'] : ['plain'], host)
        }
      }),
    )
  })
})
