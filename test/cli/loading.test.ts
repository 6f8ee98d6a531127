/** A command line that prints help or does one thing starts fast: it loads nothing that only other commands need. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const commandFiles = readdirSync(`${root}src/cli/commands`, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => `src/cli/commands/${file}`)
const main = 'src/cli/main.ts'

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [main, ...commandFiles],
  outdir: 'unused',
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  conditions: ['@silverback/source'],
  logLevel: 'error',
})

/** The packages that a file and its static imports load. */
function packagesOf(entry: string): string[] {
  const packages = new Set<string>()
  const files = new Set([entry])
  for (const file of files) {
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind !== 'import-statement') continue
      if (!external) files.add(path)
      else if (!path.startsWith('node:')) packages.add(path)
    }
  }
  return [...packages]
}

/** Those that the rest of the package loads too. */
const light = /^(?:devalue|lru-cache|ipaddr\.js|@noble\/.*)$/

for (const file of commandFiles) {
  test(`${file} loads no prompts and no client of a database`, () => {
    const heavy = packagesOf(file).filter(name => !light.test(name))
    assert.deepEqual(heavy, [])
  })
}

test('the program itself loads the parser only', () => {
  assert.deepEqual(packagesOf(main), ['citty'])
})
