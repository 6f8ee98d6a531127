/**
 * The runtimes that tests run in beside the Node they are started with, from packages of the registry:
 * `test/runtimes/package.json` has them, of exact versions, for 64-bit Linux. Whoever asks first for
 * one waits until all are installed, which takes half a minute and a gigabyte.
 *
 * As with programs, a test whose runtime cannot be had is skipped with a line that says so; with
 * `REQUIRE_SERVICES=1` it fails instead.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../services/programs.ts'

const folder = fileURLToPath(new URL('../../runtimes', import.meta.url))

/** Where in its package each has its program. */
const programs = {
  node22: 'node22/bin/node',
  node24: 'node24/bin/node',
  node26: 'node26/bin/node',
  bun: '@oven/bun-linux-x64/bin/bun',
  deno: '@deno/linux-x64-glibc/deno',
  workerd: '@cloudflare/workerd-linux-64/bin/workerd',
} as const

/** The name of a runtime. */
export type Runtime = keyof typeof programs

/** The path of the runtime's program, or undefined where there is none for this machine. */
export function findRuntime(runtime: Runtime): string | undefined {
  install()
  const path = `${folder}/node_modules/${programs[runtime]}`
  return existsSync(path) ? path : undefined
}

/** The `skip` option of a test that needs these runtimes. Throws where they are required. */
export function needsRuntimes(...runtimes: Runtime[]): { skip: string | false } {
  return skipWithout(runtimes.filter(runtime => !findRuntime(runtime)))
}

let installed = false

/** Installs them all where they are missing or older than the lockfile. */
function install(): void {
  if (installed || process.platform !== 'linux' || process.arch !== 'x64') return
  installed = true
  // Files of tests run at the same time. The lock ends with its process, however that ends.
  const isCurrent = 'test node_modules/.package-lock.json -nt package-lock.json'
  const script = `${isCurrent} || npm ci --ignore-scripts --loglevel=error`
  try {
    execFileSync('flock', ['package.json', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      // The options of the tests are not npm's.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  } catch {
    // npm has said why. Who asked finds none.
  }
}
