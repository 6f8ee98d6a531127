/**
 * Listing of backends a page at a time.
 *
 * @module
 */

import type { Page, PageOptions } from '../backend.ts'

/** What a listing reads of each record. */
export interface Listed {
  readonly id: string
  readonly expires: number
}

/** How many records a page has. */
export const pageSize = 1000

/**
 * Returns a page of a backend that can be read in id order. Its cursor is the last id of the page before.
 *
 * @param readAfter - returns the `limit` records with the next greater ids, or the rest if there are fewer. It
 *   includes expired records: skipping them in the query could make one page scan the whole table.
 */
export async function pageById(
  { cursor = '', limit = pageSize }: PageOptions,
  now: () => number,
  readAfter: (id: string, limit: number) => Promise<readonly Listed[]>,
): Promise<Page> {
  const listed = await readAfter(cursor, limit)
  const ids = listed.filter(({ expires }) => expires > now()).map(({ id }) => id)
  return { ids, next: listed[limit - 1]?.id }
}

/** Yields the ids of all pages, and reads a page when the caller has taken those of the page before. */
export async function* idsOfPages<Cursor = string>(
  page: (
    cursor: Cursor | undefined,
  ) => Promise<{ readonly ids: readonly string[]; readonly next: Cursor | undefined }>,
): AsyncGenerator<string> {
  let cursor: Cursor | undefined
  do {
    const { ids, next } = await page(cursor)
    yield* ids
    cursor = next
  } while (cursor !== undefined)
}

export function invalidCursor(): RangeError {
  return new RangeError('cursor must be one that a page of this backend has returned')
}
