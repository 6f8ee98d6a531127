/** `npm run bench:scale`: `RESULTS.md`, made anew. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Measured } from './measure.ts'
import { places } from './places.ts'
import { asMarkdown } from './report.ts'

const help = `Measures places that hold few sessions and many.

npm run bench:scale -- [options] [place …]

  --few <number>    sessions to begin with, 1000 if left out
  --many <number>   sessions at the end, 1000000 if left out
  --many <place>=<number>   the same for one place; may be repeated
  --help            this text

Without places: all of them, and RESULTS.md is written.`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    few: { type: 'string', default: '1000' },
    many: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const names = positionals.length > 0 ? positionals : Object.keys(places)
  const measured: Measured[] = []
  for (const name of names) {
    console.error(`${name} …`)
    measured.push(await measureApart(name, [options.few, manyOf(name)]))
  }
  const page = asMarkdown(measured)
  if (positionals.length === 0) writeFileSync(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

function manyOf(place: string): string {
  const own = options.many.find(text => text.startsWith(`${place}=`))
  return own?.split('=')[1] ?? options.many.find(text => !text.includes('=')) ?? '1000000'
}

async function measureApart(place: string, counts: readonly string[]): Promise<Measured> {
  const script = fileURLToPath(new URL('process.ts', import.meta.url))
  const execArgv = [...process.execArgv, '--expose-gc', '--max-old-space-size=6144']
  // Many files are made at once: with the four threads of the default, the disk waits for them.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '64' }
  const child = fork(script, [place, ...counts], { execArgv, env })
  const ended = once(child, 'disconnect').then(() => {
    throw new Error(`${place} was not measured`)
  })
  const [message] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return message as Measured
}
