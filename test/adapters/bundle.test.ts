/** An app that uses one adapter and one backend bundles no others. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bundleApp } from '../support/projects/bundle.ts'
import { adapters } from './apps/index.ts'

/** The modules behind the entries of the package, except the main entry. */
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const otherEntries = new Set(
  Object.entries<{ '@silverback/source'?: string }>(manifest.exports)
    .filter(([subpath]) => subpath !== '.')
    .map(([, target]) => target['@silverback/source']?.slice('./'.length)),
)

suite('bundles', () => {
  for (const entry of new Set(Object.values(adapters).map(adapter => adapter.entry))) {
    test(`silverback/${entry} with one backend`, async () => {
      const [output] = Object.values((await bundleApp(entry, 'memory')).metafile.outputs)
      const files = Object.entries(output?.inputs ?? {})
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([file]) => file)
      assert.ok(files.includes('src/stores/server-store.ts'))
      const others = files.filter(
        file =>
          (otherEntries.has(file) ||
            /^src\/(express-session|go|migrate|observe|testing)\//.test(file)) &&
          file !== `src/adapters/${entry}.ts` &&
          file !== 'src/backends/memory.ts',
      )
      assert.deepEqual(others, [])
      // Where Node's modules may be missing, they are loaded at run time or not at all.
      const needed = output?.imports.filter(({ kind }) => kind !== 'dynamic-import')
      assert.deepEqual(needed, [], 'modules that the platform must provide')
    })
  }

  test('the README states the size to within five per cent', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const stated =
      /`silverback\/(\w+)`, `silverback\/(\w+)`\) it is (\d+) kB, (\d+) kB with gzip/.exec(readme)
    const [, adapter = '', backend = '', plain, zipped] = stated ?? []
    const [file] = (await bundleApp(adapter, backend)).outputFiles
    const contents = file?.contents ?? new Uint8Array(0)
    assertNear(contents.length / 1000, Number(plain))
    assertNear(gzipSync(contents).length / 1000, Number(zipped))
  })
})

function assertNear(actual: number, stated: number): void {
  assert.ok(Math.abs(actual - stated) <= 0.05 * stated, `${actual} kB instead of ${stated} kB`)
}
