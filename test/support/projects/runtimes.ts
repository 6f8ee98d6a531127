/**
 * The JavaScript runtimes that tests run in, besides the Node that runs the tests. They are npm packages with exact
 * versions, for 64-bit Linux, listed in `test/runtimes/package.json`. The first test that needs one installs all,
 * which takes half a minute and a gigabyte of disk space.
 *
 * A test whose runtime is missing is skipped with a message; with `REQUIRE_SERVICES=1` it fails.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../services/programs.ts'

const folder = fileURLToPath(new URL('../../runtimes', import.meta.url))

/** The path of each program within `node_modules`. */
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

/** Returns the path of a runtime's program, or undefined if it is not available for this machine. */
export function findRuntime(runtime: Runtime): string | undefined {
  install()
  const path = `${folder}/node_modules/${programs[runtime]}`
  return existsSync(path) ? path : undefined
}

/**
 * Returns the `skip` option of a test that needs these runtimes. Throws if one is missing and
 * `REQUIRE_SERVICES=1` is set.
 */
export function needsRuntimes(...runtimes: Runtime[]): { skip: string | false } {
  return skipWithout(runtimes.filter(runtime => !findRuntime(runtime)))
}

let installed = false

/** Installs all runtimes if they are missing or older than the lockfile. */
function install(): void {
  if (installed || process.platform !== 'linux' || process.arch !== 'x64') return
  installed = true
  // Test files run in parallel, so only one may install. flock releases the lock even if its process is killed.
  const isCurrent = 'test node_modules/.package-lock.json -nt package-lock.json'
  const script = `${isCurrent} || npm ci --ignore-scripts --loglevel=error`
  try {
    execFileSync('flock', ['package.json', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      // NODE_OPTIONS of the test run must not affect npm.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  } catch {
    // npm has printed the reason.
  }
}
