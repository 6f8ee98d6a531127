/** The ids of a listing, in a list. */

/** Takes them all. */
export async function takeAll(ids: AsyncIterable<string>): Promise<string[]> {
  const taken: string[] = []
  for await (const id of ids) taken.push(id)
  return taken
}
