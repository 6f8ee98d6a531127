/** Examples compile with the packed types, and with every library looked at. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export function compileTests(folder: () => string): void {
  for (const [name, version] of Object.entries({ typescript: 6, typescript7: 7 })) {
    test(`it compiles with TypeScript ${version}`, () => {
      const compiler = `${root}node_modules/${name}/bin/tsc`
      const options = ['--noEmit', '--incremental', 'false', '--skipLibCheck', 'false']
      try {
        execFileSync(process.execPath, [compiler, '-p', folder(), ...options])
      } catch (error) {
        assert.fail(String((error as { stdout: Buffer }).stdout))
      }
    })
  }
}
