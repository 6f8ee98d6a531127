/**
 * How many bytes of cookies a session takes, with this library and others.
 *
 * @module
 */

import { cookieSessions } from '../libraries/cookie-session.ts'
import { ironSession } from '../libraries/iron-session.ts'
import { secureSessions } from '../libraries/secure-session.ts'
import { gorilla, sealed } from '../libraries/silverback.ts'
import { jsonCarried, type Library } from '../library.ts'
import { samples, type Values } from '../samples.ts'

/** Plain JSON data, which all of them carry alike. */
export const sessions: Readonly<Record<string, Values>> = {
  '3 keys': jsonCarried(samples['3 keys']),
  '12 keys': jsonCarried(samples['12 keys']),
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
