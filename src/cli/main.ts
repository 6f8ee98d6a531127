#!/usr/bin/env node
/**
 * The command line: `npx silverback`.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { commands } from './commands/index.ts'
import { exitCodes } from './lib/exit-codes.ts'
import { run } from './lib/run.ts'

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => {
    // The first Ctrl-C asks the command to stop where nothing is half done. The second one does not wait.
    if (interruption.signal.aborted) process.exit(exitCodes.interrupted)
    interruption.abort()
  })
}

// Programs such as `head` close the pipe when they have read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.ok)
})

process.exitCode = await run(
  { name: 'silverback', version, description: 'Tools for sessions', commands },
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: interruption.signal,
  },
)

// Whatever still keeps the process running, such as a connection to a server that does not reply, is not needed.
setTimeout(() => process.exit(), 1000).unref()
