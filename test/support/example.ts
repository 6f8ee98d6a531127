/** Examples that run as a server of their own. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'

/** Runs a server for the time of a test: it is told its port by the environment. */
export async function withServer(
  [command, ...args]: readonly [string, ...string[]],
  cwd: string,
  use: (origin: string) => Promise<void>,
  environment: NodeJS.ProcessEnv = {},
): Promise<void> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  try {
    await listening(origin)
    await use(origin)
  } finally {
    child.kill()
    await ended
  }
}

async function listening(origin: string): Promise<void> {
  for (let tried = 0; tried < 200; tried++) {
    const answers = await fetch(origin).then(
      () => true,
      () => false,
    )
    if (answers) return
    await sleep(50)
  }
  throw new Error('the example does not listen after ten seconds')
}
