/** Whatever is pasted, inspecting it does not throw, and takes linear time. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inspectCookies } from '../../../src/cli/cookies/inspect.ts'
import { parsePasted } from '../../../src/cli/cookies/jar.ts'
import { reportJson, reportLines } from '../../../src/cli/cookies/report.ts'
import type { LoadedKey } from '../../../src/cli/lib/keys.ts'
import { styleFor } from '../../../src/cli/lib/style.ts'

const keys: LoadedKey[] = [
  { label: 'one', secret: 'a password that has 32 characters or more' },
  { label: 'two', secret: 'short' },
  { label: 'three', secret: `${'ab'.repeat(32)}:${'cd'.repeat(32)}` },
  { label: 'four', secret: new Uint8Array(32).fill(7) },
]

async function inspectAll(text: string): Promise<string> {
  const now = 1_800_000_000
  const inspections = await inspectCookies(parsePasted(text), { keys, now })
  const style = styleFor(false)
  const lines = inspections.flatMap(each => reportLines(each, keys, { style, now }))
  JSON.stringify(inspections.map(each => reportJson(each, keys)))
  return lines.join('\n')
}

const sealedByte = fc.constantFrom(1, 2)
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.uint8Array({ maxLength: 200 }).map(base64url),
  // Almost sealed
  fc
    .tuple(sealedByte, fc.uint8Array({ minLength: 36, maxLength: 100 }))
    .map(([first, rest]) => `s=${base64url(Uint8Array.of(first, ...rest))}`),
  // Almost securecookie
  fc
    .tuple(
      fc.nat(),
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
    )
    .map(([seconds, payload, mac]) => {
      const inner = Buffer.from(payload)
        .toString('base64')
        .replaceAll('+', '-')
        .replaceAll('/', '_')
      const bytes = Buffer.concat([Buffer.from(`${seconds}|${inner}|`), mac])
      return `s=${bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`
    }),
  // JSON
  fc.json().map(json => `s=${Buffer.from(json).toString('base64')}; s.sig=${'x'.repeat(27)}`),
  fc
    .json()
    .map(
      json =>
        `s=${encodeURIComponent(`${Buffer.from(json).toString('base64')}.${'x'.repeat(43)}`)}`,
    ),
  fc.json().map(json => `eyJhbGciOiJub25lIn0.${Buffer.from(json).toString('base64url')}.`),
  fc.array(fc.string(), { minLength: 7, maxLength: 7 }).map(parts => `Fe26.2*${parts.join('*')}`),
  fc.string().map(text => `s=s:${text}.${text}`),
  fc
    .tuple(fc.string(), fc.string())
    .map(([a, b]) => `Set-Cookie: ${a}=${b}; Path=/\nCookie: ${b}=${a}`),
)

test('garbage never throws, and no control character is printed', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async text => {
      const printed = await inspectAll(text)
      assert.doesNotMatch(printed, /[\p{Cc}\p{Cf}](?<!\n)/u)
    }),
    { numRuns: 400 },
  )
})

/** A megabyte of something, for each format. */
const large: Readonly<Record<string, (length: number) => string>> = {
  semicolons: length => ';'.repeat(length),
  pairs: length => 'a=b;'.repeat(length / 4),
  'one name with chunks': length =>
    `${'a=__chunked__9;'.repeat(length / 30)}a.1=${'x'.repeat(length / 2)}`,
  'equals signs': length => `a${'='.repeat(length)}b`,
  dots: length => `a=${'.'.repeat(length)}`,
  stars: length => `Fe26.2${'*'.repeat(length)}`,
  base64: length => `a=${'A'.repeat(length)}`,
  'sealed zeros': length => `a=AWVj${'A'.repeat(length)}`,
  'nested JSON': length =>
    `a=${Buffer.from(`{"a":${'['.repeat(length / 3)}${']'.repeat(length / 3)}}`).toString('base64')}`,
  percents: length => `a=s:${'%41'.repeat(length / 3)}.`,
  spaces: length => `${' '.repeat(length)}x`,
  lines: length => 'Cookie: a=b\n'.repeat(length / 12),
}

for (const [name, make] of Object.entries(large)) {
  test(`${name}: a megabyte takes linear time`, async () => {
    const start = performance.now()
    await inspectAll(make(1_000_000))
    const elapsed = performance.now() - start
    // Quadratic time would be many minutes.
    assert.ok(elapsed < 30_000, `${Math.round(elapsed)} ms`)
  })
}
