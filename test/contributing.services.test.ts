/**
 * The first hour of a contributor: the steps of CONTRIBUTING.md, done in a copy of the repository with the code that
 * the pages print.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const copied = [
  ...['src', 'test', 'tools', 'bench', 'docs', 'examples', 'interop'],
  ...['package.json', 'tsconfig.json', 'biome.json', 'CONTRIBUTING.md', 'README.md', 'SECURITY.md'],
]

suite('a contributor', () => {
  let copy: string

  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'silverback-contributor-'))
    for (const name of copied) {
      cpSync(join(root, name), join(copy, name), {
        recursive: true,
        // Other tests may write what is generated at the same time.
        filter: path =>
          !/\/(?:node_modules|\.vitepress\/(?:cache|dist)|\.next|build|bin)$/.test(path),
      })
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  after(() => rmSync(copy, { recursive: true, force: true }))

  /** Runs a script of the copy. Returns its exit status and its output. */
  function run(...args: string[]): { status: number | null; output: string } {
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: copy,
      env,
      encoding: 'utf8',
    })
    return { status, output: stdout + stderr }
  }

  function passes(...args: string[]): void {
    const { status, output } = run(...args)
    assert.equal(status, 0, output)
  }

  function fails(message: RegExp, ...args: string[]): void {
    const { status, output } = run(...args)
    assert.notEqual(status, 0, output)
    assert.match(output, message)
  }

  const read = (path: string) => readFileSync(join(copy, path), 'utf8')
  const write = (path: string, text: string) => writeFileSync(join(copy, path), text)
  function edit(path: string, from: string, to: string): void {
    const text = read(path)
    assert.ok(text.includes(from), `${path} has no ${from}`)
    write(path, text.replace(from, to))
  }

  /** The code block of a page that contains a line. */
  function block(page: string, line: string): string {
    const blocks = [...read(page).matchAll(/^( *)```ts[^\n]*\n(.*?)^ *```$/gms)].map(
      ([, indent = '', code = '']) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    )
    return blocks.find(each => each.includes(line)) ?? assert.fail(`${page} has no ${line}`)
  }

  /** Adds an entry to the exports of package.json, and its budget. Returns what adds its types. */
  function publish(name: string, source: string): { addTypes(): void } {
    const manifest = JSON.parse(read('package.json'))
    manifest.exports[`./${name}`] = {
      '@silverback/source': `./src/${source}.ts`,
      types: `./dist/${source}.d.ts`,
      default: `./dist/${source}.js`,
    }
    write('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
    edit(
      'bench/size/budgets.ts',
      "  'silverback/memory': {",
      `  'silverback/${name}': { gzip: 60_000 },\n  'silverback/memory': {`,
    )
    return {
      addTypes() {
        manifest.typesVersions['*'][name] = [`./dist/${source}.d.ts`]
        write('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
      },
    }
  }

  /** Imports each name from the file that src/index.ts exports it from, as the files in src/ do. */
  function fromSources(code: string): string {
    const exports = [
      ...read('src/index.ts').matchAll(/^export (?:type )?\{([^}]*)\} from '(.*?)'/gms),
    ]
    return code.replace(/^import (type )?\{(.*?)\} from 'silverback'$/gm, (_, type = '', names) =>
      names
        .split(',')
        .map((name: string) => name.trim())
        .map((name: string) => {
          const [, , file] =
            exports.find(([, list]) => list?.split(/[\s,]+/).includes(name)) ??
            assert.fail(`src/index.ts does not export ${name}`)
          return `import ${type}{ ${name} } from '.${file}'`
        })
        .join('\n'),
    )
  }

  const lint = 'node_modules/@biomejs/biome/bin/biome'
  const types = 'node_modules/typescript7/bin/tsc'

  test('changes the keyring and sees its test fail', () => {
    const source = read('src/codec/keyring.ts')
    passes('tools/test.mjs', 'keyring')
    write(
      'src/codec/keyring.ts',
      source.replace(/^export /m, "throw new Error('changed')\nexport "),
    )
    fails(/changed/, 'tools/test.mjs', 'keyring')
    write('src/codec/keyring.ts', source)
  })

  test('adds a backend', () => {
    const code = block('CONTRIBUTING.md', 'export function tiny(')
    // Inside the repository, the contract is a file.
    write('src/backends/tiny.ts', code.replace("'silverback'", "'./backend.ts'"))
    const entries = publish('tiny', 'backends/tiny')
    fails(/moduleResolution/, 'tools/test.mjs', 'unit', 'test/package')
    entries.addTypes()
    write(
      'test/backends/tiny-backend.test.ts',
      block('CONTRIBUTING.md', "suite('memory'")
        .replaceAll('memory({ now })', 'tiny(now)')
        .replaceAll('memory', 'tiny'),
    )
    passes('tools/test.mjs', 'unit', 'tiny-backend', 'test/package')
  })

  test('adds an adapter', () => {
    write(
      'src/adapters/tiny.ts',
      block('CONTRIBUTING.md', 'Sessions for handlers of web requests.'),
    )
    publish('tiny-adapter', 'adapters/tiny').addTypes()
    const app = read('test/adapters/apps/web-app.ts')
    write(
      'test/adapters/apps/tiny-app.ts',
      app.replaceAll('silverback/web', 'silverback/tiny-adapter'),
    )
    write(
      'test/adapters/apps/tiny.ts',
      `import type { StartApp } from 'silverback/testing/adapters'
import { tinyApp } from './tiny-app.ts'
import { serveWeb } from './web.ts'

export const startTiny: StartApp = app => serveWeb(tinyApp(app))
`,
    )
    edit('test/adapters/apps/tiny-app.ts', 'function webApp', 'function tinyApp')
    edit(
      'test/adapters/apps/index.ts',
      "  web: { framework: 'web'",
      `  tiny: {
    framework: 'tiny',
    entry: 'tiny-adapter',
    start: startTiny,
    cannot: withoutNodeResponse,
  },
  web: { framework: 'web'`,
    )
    edit(
      'test/adapters/apps/index.ts',
      "import { startWeb } from './web.ts'",
      "import { startTiny } from './tiny.ts'\nimport { startWeb } from './web.ts'",
    )
    write('test/adapters/tiny.test.ts', read('test/adapters/koa.test.ts').replace('koa', 'tiny'))
    passes('tools/test.mjs', 'unit', 'test/adapters/tiny')
  })

  test('adds a store', () => {
    write('src/stores/map-store.ts', fromSources(block('docs/custom-stores.md', 'function inMap(')))
    write(
      'test/stores/map-store.test.ts',
      block('docs/custom-stores.md', "suite('sessions in a map'")
        .replace(/^declare function inMap.*\n/m, '')
        .replace('type Codec, type Persistence, ', '')
        .replace(
          "import { suite, test } from 'node:test'\n",
          "import { suite, test } from 'node:test'\nimport { inMap } from '../../src/stores/map-store.ts'\n",
        ),
    )
    passes('tools/test.mjs', 'unit', 'map-store')
  })

  test('runs the checks of CI', () => {
    // The order of imports and the wrapping are what `npm run format` fixes.
    passes(lint, 'check', '--write', 'src', 'test', 'bench', 'package.json')
    passes(lint, 'check', '--error-on-warnings', 'src', 'test', 'bench', 'package.json')
    passes('tools/check-layers.mjs')
    passes(types, '--noEmit')
  })

  test('is stopped by an import that runs upward', () => {
    edit(
      'src/lib/clock.ts',
      'export ',
      "import type { Backend } from '../backends/backend.ts'\nexport type Wrong = Backend\nexport ",
    )
    fails(/lib\/clock\.ts imports upward: backends\/backend\.ts/, 'tools/check-layers.mjs')
  })
})
