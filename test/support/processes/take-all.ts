/** Collects the ids that a listing yields. */

/** Resolves to all ids of a listing, in its order. */
export async function takeAll(ids: AsyncIterable<string>): Promise<string[]> {
  const taken: string[] = []
  for await (const id of ids) taken.push(id)
  return taken
}
