/** What is true of the move from every other library. */

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Values } from 'silverback'
import type { Reader } from 'silverback/migrate'
import { keys } from '../support/keys.ts'
import { Browser, ownApp, serve } from './app.ts'

/** What the apps here keep, unless a library cannot. */
export const login: Values = {
  userId: 7,
  name: 'Zoë <&> "x"; y=1',
  roles: ['editor', 'admin'],
  cart: { items: 2, price: 1.5, open: true, coupon: null },
}

/** A move from another library. */
export interface Move {
  /** The app with the other library: `/login` fills the session, `/` shows it as JSON. */
  old: RequestListener
  /** What the session holds. Default {@link login}. */
  values?: Values
  /** What a store of ours does with it when it is too large. */
  tooLarge?: 'throw' | 'chunk'
  /** Makes the reader; `changed` are options that differ from the right ones. */
  reader: (changed?: { until?: Date; now?: () => number }) => Reader
  /** Readers that must find nothing. */
  others: Record<string, Reader>
  /** The names of the old cookies. */
  cookies: readonly string[]
}

/** What the reader finds in these cookies. */
export async function found(
  reader: Reader,
  cookies: Readonly<Record<string, string>>,
  name = 'sid',
): Promise<Values | undefined> {
  return reader.read(name, each => (Object.hasOwn(cookies, each) ? cookies[each] : undefined))
}

export const inYears = (years: number) => (): number => Date.now() / 1000 + years * 365 * 86_400

/** Tests a move. */
export function testMove(what: string, prepare: () => Move | Promise<Move>): void {
  suite(what, async () => {
    const { old, reader, others, cookies, tooLarge = 'throw', values = login } = await prepare()
    const store = { keys, tooLarge }

    /** A browser that is logged in at the old app. */
    async function visitor(): Promise<Browser> {
      const url = await serve(old)
      const browser = new Browser()
      await browser.visit(`${url}/login`)
      assert.deepEqual(JSON.parse(await browser.visit(url)), values)
      assert.deepEqual(Object.keys(browser.cookies()).sort(), [...cookies].sort())
      return browser
    }

    test('the session goes on, and in a cookie of ours alone', async () => {
      const browser = await visitor()
      const during = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      assert.deepEqual(await browser.visitOwn(during), { values, isNew: false, renewal: 'foreign' })
      for (const name of Object.keys(browser.cookies())) assert.match(name, /^sid(\.\d)?$/)
      assert.deepEqual(await browser.visitOwn(during), { values, isNew: false })
      const afterwards = await serve(ownApp(store))
      assert.deepEqual(await browser.visitOwn(afterwards), { values, isNew: false })
    })

    test('who signs out is out', async () => {
      const browser = await visitor()
      const url = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      await browser.visit(`${url}/out`)
      assert.deepEqual(browser.cookies(), {})
      assert.deepEqual(await browser.visitOwn(url), { values: {}, isNew: true })
    })

    test('a cookie of ours goes before the old ones', async () => {
      const browser = await visitor()
      const before = browser.cookies()
      const url = await serve(ownApp({ ...store, legacyReaders: [reader()] }))
      await browser.visit(url)
      for (const [name, value] of Object.entries(before)) browser.set(name, value)
      assert.deepEqual(await browser.visitOwn(url), { values, isNew: false })
    })

    test('old cookies that are sent again are read again, until the end that was set', async () => {
      const sent = (await visitor()).cookies()
      assert.deepEqual(await found(reader(), sent), values)
      assert.deepEqual(await found(reader(), sent), values)
      const until = new Date(Date.now() + 60_000)
      assert.deepEqual(await found(reader({ until }), sent), values)
      const now = () => until.getTime() / 1000 + 1
      assert.equal(await found(reader({ until, now }), sent), undefined)
      assert.equal(await found(reader({ until: new Date(0) }), sent), undefined)
    })

    test('all names are those of the old cookies', async () => {
      const names = reader().cookieNames('sid')
      for (const name of cookies) assert.ok(names.includes(name))
    })

    for (const [difference, other] of Object.entries(others)) {
      test(`nothing is read: ${difference}`, async () => {
        const browser = await visitor()
        assert.equal(await found(other, browser.cookies()), undefined)
        const url = await serve(ownApp({ ...store, legacyReaders: [other] }))
        assert.deepEqual(await browser.visitOwn(url), { values: {}, isNew: true })
      })
    }

    test('each cookie is needed', async () => {
      const sent = (await visitor()).cookies()
      for (const name of cookies) {
        const { [name]: _, ...rest } = sent
        assert.equal(await found(reader(), rest), undefined)
        assert.equal(await found(reader(), { ...sent, [name]: '' }), undefined)
      }
    })

    test('a changed cookie is worth nothing', async () => {
      const sent = (await visitor()).cookies()
      const own = reader()
      let refused = 0
      let tried = 0
      for (const name of cookies) {
        for (const changed of changes(sent[name] as string)) {
          const result = await found(own, { ...sent, [name]: changed })
          // Where a change means nothing (unused bits of base64), it changes nothing.
          if (result === undefined) refused++
          else assert.deepEqual(result, values)
          tried++
        }
      }
      assert.ok(refused > 0.8 * tried, `${refused} of ${tried} refused`)
    })

    test('garbage is worth nothing', async () => {
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

    test('the time is linear in the length', async () => {
      const own = reader()
      const [first] = cookies as [string]
      const began = performance.now()
      for (const unit of ['A', '=', '%3D', '*', '.', ';', '%', '~', 's:', 'A;', '\ud800']) {
        const long = unit.repeat(65_536 / unit.length)
        const sent = { [first]: long, [`${first}.sig`]: long, [`${first}.0`]: long }
        assert.equal(await found(own, sent), undefined)
      }
      assert.ok(performance.now() - began < 5000)
    })
  })
}

/** The text with a character replaced, dropped or doubled, at up to 25 places. */
function changes(text: string): string[] {
  const step = Math.max(1, Math.floor(text.length / 25))
  const places = Array.from({ length: Math.ceil(text.length / step) }, (_, i) => i * step)
  return places.flatMap(at => {
    const [before, char, behind] = [text.slice(0, at), text[at] as string, text.slice(at + 1)]
    const replacement = char === 'A' ? 'B' : 'A'
    return [before + replacement + behind, before + behind, before + char + char + behind]
  })
}
