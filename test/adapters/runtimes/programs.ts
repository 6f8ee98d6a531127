/** Starts each runtime with a server for cases. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start } from '../../support/processes/process.ts'
import { findRuntime, type Runtime } from '../../support/projects/runtimes.ts'
import { writeWorker } from './workerd.ts'

/** A running runtime. */
export interface CaseRunner {
  /** The origin of its server for cases. */
  readonly origin: string
  stop(): Promise<void>
}

/** How to start a program. */
interface Launch {
  readonly args: readonly string[]
  /** Matches the line of output with the port of its server for cases. */
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
