/** The storage state of a cookie jar in a real browser. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, defineSession } from 'silverback'
import { sessions } from 'silverback/node'
import { CookieJar, loginAs } from 'silverback/testing'
import { serving } from '../../http/long-sessions.ts'
import { launchBrowser } from '../../support/http/browser.ts'
import { keys } from '../../support/keys.ts'
import { needs } from '../../support/services/programs.ts'

suite('Chromium', needs('chromium'), () => {
  test('starts with the session of a jar', async () => {
    const login = defineSession<{ visits: number }>(new CookieStore({ keys }), 'login')
    const handle = sessions(login, (request, response, session) => {
      if (request.url !== '/') return response.end() // the icon
      response.end(`${session.owner} ${session.increment('visits')}`)
    })
    await serving(handle, async origin => {
      const jar = new CookieJar({ origin }).add(await loginAs(login, 'ann', { visits: 40 }))
      const browser = await launchBrowser()
      try {
        const context = await browser.newContext({ storageState: jar.storageState() })
        const page = await context.newPage()
        for (const expected of ['ann 41', 'ann 42']) {
          await page.goto(origin)
          assert.equal(await page.textContent('body'), expected)
        }
      } finally {
        await browser.close()
      }
    })
  })
})
