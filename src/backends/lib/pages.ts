/**
 * Listing of backends that can be read in id order.
 *
 * @module
 */

/** What a listing reads of each record. */
export interface Listed {
  readonly id: string
  readonly expires: number
}

/** How many records a page has. */
export const pageSize = 1000

/**
 * Yields the ids of all records that exist, one page at a time.
 *
 * @param pageAfter - returns the `pageSize` records with the next greater ids, or the rest if there are
 *   fewer. It includes expired records: skipping them in the query could make one page scan the whole
 *   table.
 */
export async function* idsByPage(
  pageAfter: (id: string) => Promise<readonly Listed[]>,
  now: () => number,
): AsyncGenerator<string> {
  let last: Listed | undefined
  do {
    const page = await pageAfter(last?.id ?? '')
    for (const { id, expires } of page) if (expires > now()) yield id
    last = page[pageSize - 1]
  } while (last)
}
