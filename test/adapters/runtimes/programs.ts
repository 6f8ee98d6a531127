/** How cases are run in each runtime. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Running, start } from '../../support/process.ts'
import { findRuntime, type Runtime } from '../../support/runtimes.ts'

/** A runtime that waits for cases. */
export interface CaseRunner {
  /** Where it is asked for them. */
  readonly origin: string
  stop(): Promise<void>
}

const condition = '--conditions=@silverback/source'
const node = ['--import', 'tsx', condition]

/** How each program is started. */
const programs: Partial<Record<Runtime, readonly [entry: string, ...args: string[]]>> = {
  node22: ['node.ts', ...node],
  node24: ['node.ts', ...node],
  node26: ['node.ts', ...node],
  bun: ['bun.ts', condition],
  deno: ['deno.ts', 'run', '-A', '--no-check', '--node-modules-dir=manual', condition],
}

/** Starts a runtime. */
export async function startCaseRunner(runtime: Runtime): Promise<CaseRunner> {
  const [entry, ...args] = programs[runtime] ?? []
  const folder = mkdtempSync(join(tmpdir(), `${runtime}-`))
  const program: Running = await start(
    findRuntime(runtime) as string,
    [...args, fileURLToPath(new URL(`./${entry}`, import.meta.url))],
    /^cases at (.*)/,
    { env: { ...process.env, DENO_DIR: folder, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } },
  )
  return {
    origin: program.match[1] as string,
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
