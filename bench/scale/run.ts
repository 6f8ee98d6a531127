/** `npm run bench:scale`: measures backends and writes `RESULTS.md`. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { backends } from './backends.ts'
import type { BackendResult } from './measure.ts'
import { asMarkdown } from './report.ts'

const help = `Measures backends with few sessions and with many.

npm run bench:scale -- [options] [backend …]

  --few <number>              number of sessions at the first measurement (default: 1000)
  --many <number>             number of sessions at the second (default: 1000000)
  --many <backend>=<number>   the same for one backend; may be repeated
  --help                      print this help

Without backends, all are measured and bench/scale/RESULTS.md is written.`

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
  const names = positionals.length > 0 ? positionals : Object.keys(backends)
  const results: BackendResult[] = []
  for (const name of names) {
    console.error(`${name} …`)
    results.push(await measureInProcess(name, [options.few, manyOf(name)]))
  }
  const page = asMarkdown(results)
  if (positionals.length === 0) writeFileSync(new URL('RESULTS.md', import.meta.url), page)
  console.log(page)
}

function manyOf(backend: string): string {
  const own = options.many.find(text => text.startsWith(`${backend}=`))
  return own?.split('=')[1] ?? options.many.find(text => !text.includes('=')) ?? '1000000'
}

async function measureInProcess(
  backend: string,
  counts: readonly string[],
): Promise<BackendResult> {
  const script = fileURLToPath(new URL('process.ts', import.meta.url))
  const execArgv = [...process.execArgv, '--expose-gc', '--max-old-space-size=6144']
  // Many files are created at once; libuv's default of four threads would be the bottleneck, not the disk.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '64' }
  const child = fork(script, [backend, ...counts], { execArgv, env })
  const ended = once(child, 'disconnect').then(() => {
    throw new Error(`measuring ${backend} failed`)
  })
  const [message] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return message as BackendResult
}
