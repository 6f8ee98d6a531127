/** Cookies in tough-cookie, which stands in for a browser. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { CookieJar } from 'tough-cookie'
import { lengths, namesFor, serving, sessions } from './long-sessions.ts'

suite('tough-cookie', () => {
  test('brings back sessions in one to six cookies, whatever came before', async () => {
    await serving(sessions, async address => {
      const jar = new CookieJar()
      const visit = async (path: string): Promise<string> => {
        // Secure cookies go over HTTPS only; Chromium makes an exception for localhost.
        const url = `https://localhost${path}`
        const cookie = await jar.getCookieString(url)
        // Not fetch: it takes 16 KiB of headers in a response and no more.
        const options = { maxHeaderSize: 65_536, headers: cookie ? { cookie } : {} }
        const [response] = (await once(get(address + path, options), 'response')) as [
          IncomingMessage,
        ]
        for (const line of response.headers['set-cookie'] ?? []) await jar.setCookie(line, url)
        return text(response)
      }
      for (const [count, length] of [...lengths, ...lengths.toReversed()]) {
        await visit(`/${length}`)
        assert.equal(await visit('/show'), `${namesFor(count)} ${length}`)
      }
      await visit('/8000')
      await visit('/0')
      assert.equal(await visit('/show'), ' no-cookie')
    })
  })
})
