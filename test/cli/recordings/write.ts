/**
 * Records the terminal sessions in docs/cli: `npm run docs:cli [-- PAGE …]`.
 *
 * A page declares where its recordings go:
 *
 *     <!-- recording: pair -->
 *     <!-- /recording -->
 *
 * and `PAGE.recordings.ts` in this folder declares the commands, as an object of {@link Recordings} by these names.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { marked, markedBlock, recordedPages, recordingsOf } from './pages.ts'
import { record, root } from './recording.ts'

const wanted = process.argv.slice(2)
for (const page of wanted.length > 0 ? wanted : recordedPages) {
  const path = `${root}docs/cli/${page}.md`
  const texts = new Map<string, string>()
  for (const [name, recording] of Object.entries(await recordingsOf(page))) {
    console.log(`${page}: ${name}`)
    texts.set(name, await record(recording))
  }
  const text = readFileSync(path, 'utf8').replace(marked, (block, name: string) => {
    const recorded = texts.get(name)
    return recorded === undefined ? block : markedBlock(name, recorded)
  })
  writeFileSync(path, text)
}
process.exit()
