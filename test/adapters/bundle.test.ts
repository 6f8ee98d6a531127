/** An app bundles its own adapter and backend, and nothing of the others. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { adapters } from './apps/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Bundles an app with the adapter and Redis, for servers that have no modules of Node. */
async function bundle(entry: string): Promise<Metafile> {
  const { metafile } = await build({
    stdin: {
      contents: `
        import { ServerStore } from 'silverback'
        import { redis } from 'silverback/redis'
        import { sessions } from 'silverback/${entry}'
        export const adapter = client => sessions({ store: new ServerStore(redis(client)), name: 'sid' })`,
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    conditions: ['@silverback/source', 'workerd'],
    alias: {
      '#crypto': `${root}src/crypto/noble.ts`,
      '#bytes': `${root}src/bytes/web.ts`,
    },
    platform: 'neutral',
    write: false,
    metafile: true,
  })
  return metafile
}

suite('bundles', () => {
  for (const entry of new Set(Object.values(adapters).map(adapter => adapter.entry))) {
    test(`silverback/${entry} with Redis`, async () => {
      const { inputs, outputs } = await bundle(entry)
      const files = Object.keys(inputs)
      const others = files.filter(
        file =>
          (/^src\/adapters\/[^/]+$/.test(file) && file !== `src/adapters/${entry}.ts`) ||
          (/^src\/backends\/[^/]+$/.test(file) && file !== 'src/backends/redis.ts') ||
          /^src\/(gorilla|gob|migrate|testing)\//.test(file),
      )
      assert.deepEqual(others, [])
      const [output] = Object.values(outputs)
      assert.deepEqual(output?.imports, [], 'modules that the bundle leaves to its platform')
      assert.ok((output?.bytes ?? 0) > 10_000)
    })
  }
})
