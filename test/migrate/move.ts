/** The tests that every reader of another library's sessions must pass. */

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Values } from 'silverback'
import type { Reader } from 'silverback/migrate'
import { keys } from '../support/keys.ts'
import { Browser, ownApp, serve } from './app.ts'

/** The session values in these tests. */
export const login: Values = {
  userId: 7,
  name: 'Zoë <&> "x"; y=1',
  roles: ['editor', 'admin'],
  cart: { items: 2, price: 1.5, open: true, coupon: null },
}

/** A migration from another library. */
export interface Move {
  /** The app that uses the other library: `/login` fills the session, `/` returns it as JSON. */
  old: RequestListener
  /** The values of the session. Default {@link login}. */
  values?: Values
  /** The option `tooLarge` of the new store. Default `throw`. */
  tooLarge?: 'throw' | 'chunk'
  /** Creates the reader. `changed` overrides its correct options. */
  reader: (changed?: { until?: Date; now?: () => number }) => Reader
  /** Readers that must not find the session, by how they differ. */
  others: Record<string, Reader>
  /** The names of the old cookies. */
  cookies: readonly string[]
}

/** Returns the session that the reader finds in these cookies. */
export async function found(
  reader: Reader,
  cookies: Readonly<Record<string, string>>,
  name = 'sid',
): Promise<Values | undefined> {
  return reader.read(name, each => (Object.hasOwn(cookies, each) ? cookies[each] : undefined))
}

export const inYears = (years: number) => (): number => Date.now() / 1000 + years * 365 * 86_400

/** Defines the tests of a migration. */
export function testMove(what: string, prepare: () => Move | Promise<Move>): void {
  suite(what, async () => {
    const { old, reader, others, cookies, tooLarge = 'throw', values = login } = await prepare()
    const store = { keys, tooLarge }

    /** Returns a browser that is logged in to the old app. */
    async function visitor(): Promise<Browser> {
      const url = await serve(old)
      const browser = new Browser()
      await browser.visit(`${url}/login`)
      assert.deepEqual(JSON.parse(await browser.visit(url)), values)
      assert.deepEqual(Object.keys(browser.cookies()).sort(), [...cookies].sort())
      return browser
    }

    test('carries the session over to a new cookie, and deletes the old ones', async () => {
      const browser = await visitor()
      const during = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      assert.deepEqual(await browser.visitOwn(during), { values, isNew: false, renewal: 'foreign' })
      for (const name of Object.keys(browser.cookies())) assert.match(name, /^sid(\.\d)?$/)
      assert.deepEqual(await browser.visitOwn(during), { values, isNew: false })
      const afterwards = await serve(ownApp(store))
      assert.deepEqual(await browser.visitOwn(afterwards), { values, isNew: false })
    })

    test('ends the session when the visitor signs out', async () => {
      const browser = await visitor()
      const url = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      await browser.visit(`${url}/out`)
      assert.deepEqual(browser.cookies(), {})
      assert.deepEqual(await browser.visitOwn(url), { values: {}, isNew: true })
    })

    test('prefers a new cookie to the old ones', async () => {
      const browser = await visitor()
      const before = browser.cookies()
      const url = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      await browser.visit(url)
      for (const [name, value] of Object.entries(before)) browser.set(name, value)
      assert.deepEqual(await browser.visitOwn(url), { values, isNew: false })
    })

    test('reads old cookies again if they are sent again, but not after `until`', async () => {
      const sent = (await visitor()).cookies()
      assert.deepEqual(await found(reader(), sent), values)
      assert.deepEqual(await found(reader(), sent), values)
      const until = new Date(Date.now() + 60_000)
      assert.deepEqual(await found(reader({ until }), sent), values)
      const now = () => until.getTime() / 1000 + 1
      assert.equal(await found(reader({ until, now }), sent), undefined)
      assert.equal(await found(reader({ until: new Date(0) }), sent), undefined)
    })

    test('names all of the old cookies', async () => {
      const names = reader().cookieNames('sid')
      for (const name of cookies) assert.ok(names.includes(name))
    })

    for (const [difference, other] of Object.entries(others)) {
      test(`reads nothing: ${difference}`, async () => {
        const browser = await visitor()
        assert.equal(await found(other, browser.cookies()), undefined)
        const url = await serve(ownApp({ ...store, legacyReaders: [other] }))
        assert.deepEqual(await browser.visitOwn(url), { values: {}, isNew: true })
      })
    }

    test('needs each of the old cookies', async () => {
      const sent = (await visitor()).cookies()
      for (const name of cookies) {
        const { [name]: _, ...rest } = sent
        assert.equal(await found(reader(), rest), undefined)
        assert.equal(await found(reader(), { ...sent, [name]: '' }), undefined)
      }
    })

    test('rejects modified cookies', async () => {
      const sent = (await visitor()).cookies()
      const own = reader()
      let refused = 0
      let tried = 0
      for (const name of cookies) {
        for (const changed of changes(sent[name] as string)) {
          const result = await found(own, { ...sent, [name]: changed })
          // Some changes do not alter the decoded value, such as unused bits of base64.
          if (result === undefined) refused++
          else assert.deepEqual(result, values)
          tried++
        }
      }
      assert.ok(refused > 0.7 * tried, `${refused} of ${tried} refused`)
    })

    test('finds nothing in random cookies', async () => {
      const sent = (await visitor()).cookies()
      const own = reader()
      const [first] = cookies as [string]
      const piece = fc.constantFrom(
        ...Object.values(sent).flatMap(value => [value, ...value.split(/(?=[*.;~%:])/)]),
        ...['s:', 'Fe26.2', '*', '**', ';', '%3B', '%', '.', '~2', '__chunked__2', 'null', 'e30='],
        ...['__proto__', 'constructor', '"', '\u0000', '\ud800', 'A'.repeat(5000)],
      )
      const garbage = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.base64String(),
        fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
      )
      await fc.assert(
        fc.asyncProperty(garbage, garbage, async (one, other) => {
          const result = await found(own, { [first]: one, [`${first}.sig`]: other })
          if (result !== undefined) assert.deepEqual(result, values)
        }),
        { numRuns: 150 },
      )
    })

    test('takes linear time', async () => {
      const own = reader()
      const [first] = cookies as [string]
      // Quadratic time would be minutes.
      const began = performance.now()
      for (const unit of ['A', '=', '%3D', '*', '.', ';', '%', '~', 's:', 'A;', '\ud800']) {
        const long = unit.repeat(65_536 / unit.length)
        const sent = { [first]: long, [`${first}.sig`]: long, [`${first}.0`]: long }
        assert.equal(await found(own, sent), undefined)
      }
      assert.ok(performance.now() - began < 30_000)
    })
  })
}

/** Variants of the text with one character replaced, dropped or doubled, at up to 25 positions. */
function changes(text: string): string[] {
  const step = Math.max(1, Math.floor(text.length / 25))
  const positions = Array.from({ length: Math.ceil(text.length / step) }, (_, i) => i * step)
  return positions.flatMap(at => {
    const [before, char, after] = [text.slice(0, at), text[at] as string, text.slice(at + 1)]
    const replacement = char === 'A' ? 'B' : 'A'
    return [before + replacement + after, before + after, before + char + char + after]
  })
}
