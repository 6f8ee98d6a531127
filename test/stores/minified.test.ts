/** Events name the store also in an app whose bundler has renamed its classes. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundle } from '../support/projects/bundle.ts'

test('events of a minified app name the store', async () => {
  const { outputFiles } = await bundle({
    stdin: {
      contents: `
        import { CookieStore, ServerStore } from 'silverback'
        import { memory } from 'silverback/memory'
        const keys = [crypto.getRandomValues(new Uint8Array(32))]
        const names = []
        const onSession = ({ store }) => names.push(store)
        const request = () => new Request('http://localhost/')
        await new CookieStore({ keys, onSession }).get(request(), 'sid')
        await new ServerStore(memory(), { onSession }).get(request(), 'sid')
        export default names`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
  })
  const file = fileURLToPath(new URL('../../test-output/minified.mjs', import.meta.url))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, outputFiles[0]?.contents ?? '')
  const { default: names } = await import(file)
  assert.deepEqual(names, ['CookieStore', 'ServerStore'])
})
