/** Tests cookies with tough-cookie in place of a browser. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { CookieJar } from 'tough-cookie'
import { lengths, namesFor, serving, sessions } from './long-sessions.ts'

suite('tough-cookie', () => {
  test('round-trips sessions in one to six cookies, growing and shrinking', async () => {
    await serving(sessions, async address => {
      const jar = new CookieJar()
      const visit = async (path: string): Promise<string> => {
        // tough-cookie sends Secure cookies over HTTPS only. Chromium exempts localhost.
        const url = `https://localhost${path}`
        const cookie = await jar.getCookieString(url)
        // Not fetch, which accepts at most 16 KiB of response headers.
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
