/** Whatever is passed as a curl command or a HAR file is read, or refused as a wrong argument. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCurl } from '../../../src/cli/explain/curl.ts'
import { explainHeader } from '../../../src/cli/explain/explain.ts'
import { parseHar } from '../../../src/cli/explain/har.ts'
import { judgeResponses } from '../../../src/cli/explain/responses.ts'
import { UsageError } from '../../../src/cli/lib/exit-codes.ts'

const url = new URL('https://shop.example/')

for (const [text, method, cookie] of [
  ['curl https://shop.example/', 'GET', undefined],
  ['curl -sSL -Hcookie:a=1 https://shop.example/', 'GET', 'a=1'],
  [`curl -I --url https://shop.example/ --cookie 'a=1' -b b=2`, 'HEAD', 'a=1; b=2'],
  [`curl --max-time 5 -o page.html -d 'x=1' https://shop.example/`, 'POST', undefined],
  [`curl -X PUT -A 'an agent' -H 'COOKIE: a=1; b="2"' https://shop.example/`, 'PUT', 'a=1; b="2"'],
  [`/usr/bin/curl --compressed https://shop.example/ -H 'Cookie;'`, 'GET', undefined],
] as const) {
  test(text, () => {
    const request = parseCurl(text)
    assert.deepEqual([request.method, request.url, request.cookie], [method, url, cookie])
  })
}

/** Returns what `read` does, or undefined if it throws a UsageError. */
function orRefused<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error))
    return undefined
  }
}

test('garbage as a curl command', async () => {
  const word = fc.oneof(
    fc.constantFrom('-b', '-H', '--cookie', '-X', '--url', '-', '--', "'", '"', '\\', '-bH'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(word), async words => {
      const request = orRefused(() => parseCurl(`curl ${words.join(' ')}`))
      if (request) await explainHeader(request.cookie ?? '', request.url, { keys: [], now: 0 })
    }),
  )
})

test('garbage as a HAR file', async () => {
  const header = fc.record({
    name: fc.constantFrom<unknown>('Cookie', 'set-cookie', 7),
    value: fc.oneof(fc.string(), fc.constant(null)),
  })
  const message = fc.record(
    {
      url: fc.constantFrom('https://shop.example/a', 'nonsense', ''),
      method: fc.constantFrom<unknown>('GET', 'POST', null),
      headers: fc.oneof(fc.array(fc.oneof(header, fc.constant(null))), fc.constant('x')),
      cookies: fc.oneof(
        fc.array(fc.record({ name: fc.string(), value: fc.string() })),
        fc.constant(0),
      ),
      status: fc.oneof(fc.nat(), fc.string()),
    },
    { requiredKeys: [] },
  )
  const entry = fc.oneof(
    fc.record({ startedDateTime: fc.anything(), request: message, response: message }),
    fc.jsonValue(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(entry), async entries => {
      const text = JSON.stringify({ log: { entries } }, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      const requests = orRefused(() => parseHar(text)) ?? []
      judgeResponses(requests)
      for (const request of requests) {
        await explainHeader(request.cookie ?? '', request.url, { keys: [], now: 0 })
      }
    }),
  )
})
