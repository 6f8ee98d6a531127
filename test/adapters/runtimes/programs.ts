/** How cases are run in each runtime. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start } from '../../support/processes/process.ts'
import { findRuntime, type Runtime } from '../../support/projects/runtimes.ts'
import { writeWorker } from './workerd.ts'

/** A runtime that waits for cases. */
export interface CaseRunner {
  /** Where it is asked for them. */
  readonly origin: string
  stop(): Promise<void>
}

/** How a program is started. */
interface Launch {
  readonly args: readonly string[]
  /** The line that says on which port it is asked for cases. */
  readonly ready: RegExp
}

const condition = '--conditions=@silverback/source'

function script(file: string, ...args: string[]): Launch {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return { args: [...args, path], ready: /^cases at http:.*:(\d+)$/ }
}
const node = (): Launch => script('node.ts', '--import', 'tsx', condition)

const launches: Readonly<Record<Runtime, (folder: string) => Launch | Promise<Launch>>> = {
  node22: node,
  node24: node,
  node26: node,
  bun: () => script('bun.ts', condition),
  deno: () => script('deno.ts', 'run', '-A', '--no-check', '--node-modules-dir=manual', condition),
  workerd: async folder => ({
    args: ['serve', '--control-fd=1', await writeWorker(folder)],
    ready: /"socket":"cases","port":(\d+)/,
  }),
}

/** Starts a runtime. */
export async function startCaseRunner(runtime: Runtime): Promise<CaseRunner> {
  const folder = mkdtempSync(join(tmpdir(), `${runtime}-`))
  const { args, ready } = await launches[runtime](folder)
  const program = await start(findRuntime(runtime) as string, args, ready, {
    env: { ...process.env, DENO_DIR: folder, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
  })
  return {
    origin: `http://127.0.0.1:${program.match[1]}`,
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
