/** A reporter that writes why tests were skipped, each reason once, with the number of tests. */
export default async function* missingServices(events) {
  const counts = new Map()
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || typeof data.skip !== 'string') continue
    counts.set(data.skip, (counts.get(data.skip) ?? 0) + 1)
  }
  for (const [reason, count] of counts) yield `${reason} (${count})\n`
}
