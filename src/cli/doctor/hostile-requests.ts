/**
 * Sends session cookies that the app has not issued. A server may not survive them.
 *
 * @module
 */

import type { SessionCookie } from './evidence.ts'
import type { Pair, Step } from './exchange.ts'
import { tamperedValue } from './forged-cookies.ts'
import type { Recorder, Visitor } from './recorder.ts'

/** Longer than any cookie, and shorter than the 16 KiB that Node accepts for all headers. */
const hugeLength = 12_000

/** Changes one character of the session cookie, at two places: of an id, and of its signature. */
export async function sendTamperedCookies(
  recorder: Recorder,
  visitor: Visitor,
  url: URL,
  sessions: readonly SessionCookie[],
): Promise<void> {
  const session = sessions.find(({ isDecisive }) => isDecisive) ?? sessions[0]
  if (!session) return
  const { name: target } = session
  const cookies = visitor.cookies(url)
  const isMain = (name: string) => name === target || name === `${target}.0`
  if (!cookies.some(([name]) => isMain(name))) return
  for (const share of [1 / 4, 1 / 2]) {
    const changed = cookies.map(
      ([name, value]): Pair => [name, isMain(name) ? tamperedValue(value, share) : value],
    )
    await recorder.try({ step: 'a changed character', target, url, cookies: changed })
  }
}

/** Sends nonsense, a very long value, and two values as the session cookie. */
export async function sendMalformedCookies(
  recorder: Recorder,
  url: URL,
  sessions: readonly SessionCookie[],
): Promise<void> {
  for (const { name: target } of sessions.slice(0, 2)) {
    const requests: [Step, string[]][] = [
      ['a malformed value', ['%E0%A4%A{"__proto__":[}']],
      ['a malformed value', [Buffer.from('{"a":').toString('base64')]],
      ['two values', ['one', 'two']],
      ['a very long value', ['a'.repeat(hugeLength)]],
    ]
    for (const [step, values] of requests) {
      const cookies = values.map((value): Pair => [target, value])
      await recorder.try({ step, target, url, cookies })
    }
  }
}
