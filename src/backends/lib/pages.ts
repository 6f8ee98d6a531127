/**
 * Going through places that can be read in the order of ids.
 *
 * @module
 */

/** A record as it is listed. */
export interface Listed {
  readonly id: string
  readonly expires: number
}

/** Records that a page has. */
export const pageSize = 1000

/**
 * The ids of the records that exist, read page after page.
 *
 * @param pageAfter - the `pageSize` records with the next greater ids, or all that are left. Expired
 *   ones are among them, or a page might take the place as long as all of its records.
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
