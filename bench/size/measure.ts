/**
 * How many bytes of cookies a session takes, with this library and others.
 *
 * @module
 */

import { cookieSessions } from '../libraries/cookie-session.ts'
import { ironSession } from '../libraries/iron-session.ts'
import { secureSessions } from '../libraries/secure-session.ts'
import { gorilla, sealed } from '../libraries/silverback.ts'
import type { Library } from '../library.ts'
import type { Values } from '../samples.ts'

/** Plain JSON data, which all of them carry alike. */
export const sessions: Readonly<Record<string, Values>> = {
  '3 keys': { user: 'ada@example.com', visits: 42, admin: true },
  '12 keys': {
    user: 'ada@example.com',
    name: 'Ada Lovelace',
    language: 'en-GB',
    csrf: 'b7e2f0c94d1a8365b7e2f0c94d1a8365',
    visits: 42,
    cartItems: 3,
    balance: 12.75,
    taxRate: 0.19,
    admin: false,
    newsletter: true,
    preferences: { theme: 'dark', pageSize: 50, beta: true },
    signedIn: '2026-01-02T03:04:05.678Z',
  },
  '40 keys': Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `key${index}`,
      [`value number ${index}`, index * 1000, index % 2 === 0, [index]][index % 4],
    ]),
  ),
}

/** Bytes of `value` of all cookies, by session and library. */
export interface Size {
  readonly library: string
  readonly encrypts: boolean
  readonly bytes: Readonly<Record<string, number>>
}

/** Saves each session with each library and counts. */
export async function measureSizes(): Promise<Size[]> {
  const libraries: [Library, encrypts: boolean][] = [
    [sealed, true],
    [gorilla, true],
    [ironSession, true],
    [await secureSessions(), true],
    [cookieSessions, false],
  ]
  const sizes: Size[] = []
  for (const [library, encrypts] of libraries) {
    const bytes: Record<string, number> = {}
    for (const [name, values] of Object.entries(sessions)) {
      const lines = await library.save(undefined, target => Object.assign(target, values))
      bytes[name] = lines.reduce((sum, line) => sum + valueLength(line), 0)
    }
    sizes.push({ library: library.name, encrypts, bytes })
  }
  return sizes
}

function valueLength(line: string): number {
  return line.slice(line.indexOf('=') + 1, line.indexOf(';')).length
}
