/** An app bundles its own adapter and backend, and nothing of the others. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bundleApp } from '../support/bundle.ts'
import { adapters } from './apps/index.ts'

suite('bundles', () => {
  for (const entry of new Set(Object.values(adapters).map(adapter => adapter.entry))) {
    test(`silverback/${entry} with one backend`, async () => {
      const [output] = Object.values((await bundleApp(entry, 'memory')).metafile.outputs)
      const files = Object.entries(output?.inputs ?? {})
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([file]) => file)
      assert.ok(files.includes('src/server-store.ts'))
      const others = files.filter(
        file =>
          (/^src\/adapters\/[^/]+$/.test(file) && file !== `src/adapters/${entry}.ts`) ||
          (/^src\/backends\/[^/]+$/.test(file) && file !== 'src/backends/memory.ts') ||
          /^src\/(gorilla|gob|migrate|testing)\//.test(file),
      )
      assert.deepEqual(others, [])
      // Node's own modules are asked for while running at most, where they may be missing.
      const needed = output?.imports.filter(({ kind }) => kind !== 'dynamic-import')
      assert.deepEqual(needed, [], 'modules that the bundle leaves to its platform')
    })
  }
})
