/**
 * Sessions of other libraries, read from their cookies.
 *
 * @module
 */

import { type RequestLike, readCookies } from '../http/request.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/state.ts'

/** The values of the first session that a reader finds. Rejects when the backend of a reader fails. */
export async function readLegacySession(
  readers: readonly Reader[],
  request: RequestLike,
  name: string,
): Promise<Values | undefined> {
  for (const reader of readers) {
    const values = await reader.read(name, cookie => readCookies(request, cookie)[0])
    if (values) return values
  }
  return undefined
}
