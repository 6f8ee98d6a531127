/** The runtimes in which the web adapter is tested, in addition to the Node that runs the tests. */

import { readFileSync } from 'node:fs'
import { type Exceptions, withoutNodeResponse } from 'silverback/testing/adapters'
import type { Runtime } from '../../support/projects/runtimes.ts'

/** A runtime for the web adapter. */
export interface TestedRuntime {
  readonly runtime: Runtime
  /** The name, with the version. */
  readonly framework: string
  readonly cannot: Exceptions
}

const manifest = JSON.parse(
  readFileSync(new URL('../../runtimes/package.json', import.meta.url), 'utf8'),
)

function tested(
  runtime: Runtime,
  name: string,
  installed: string,
  cannot: Exceptions = withoutNodeResponse,
): TestedRuntime {
  const version = manifest.optionalDependencies[installed].split('@').at(-1)
  return { runtime, framework: `web in ${name} ${version}`, cannot }
}

export const runtimes: readonly TestedRuntime[] = [
  tested('node22', 'Node', 'node22'),
  tested('node24', 'Node', 'node24'),
  tested('node26', 'Node', 'node26'),
  tested('bun', 'Bun', '@oven/bun-linux-x64'),
  tested('deno', 'Deno', '@deno/linux-x64-glibc'),
  tested('workerd', 'workerd', '@cloudflare/workerd-linux-64'),
]
