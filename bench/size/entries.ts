/**
 * How large each entry of the package is in a bundle, and what the bundle contains.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Bundle, bundle } from '../../test/support/projects/bundle.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { '@silverback/source': string }>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/** An entry, or one export of it, bundled for a platform without Node's modules. */
export interface EntrySize {
  /** The specifier, such as `silverback/redis`, or an import, such as `{ CookieStore } from silverback`. */
  readonly entry: string
  /** Bytes of the minified bundle. */
  readonly minified: number
  /** Bytes of the minified bundle after gzip. */
  readonly gzip: number
  /** Modules of Node and peer dependencies that the bundle imports statically, sorted. */
  readonly imports: readonly string[]
  /** Files of `src/` that contribute to the bundle. */
  readonly files: readonly string[]
  readonly code: string
}

/** Exports that apps often use alone, from an entry that has more. */
const single = ['{ CookieStore } from silverback', '{ ServerStore } from silverback']

/** Bundles and measures every entry of `exports` in package.json. */
export async function measureEntries(): Promise<EntrySize[]> {
  const { name, exports, peerDependencies } = JSON.parse(
    readFileSync(`${root}package.json`, 'utf8'),
  ) as Manifest
  const external = Object.keys(peerDependencies)
  const adapters = Object.entries(exports)
    .filter(([, target]) => Object(target)['@silverback/source']?.startsWith('./src/adapters/'))
    .map(([subpath]) => `{ sessions } from ${name}${subpath.slice('.'.length)}`)
  const parts = [...single, ...adapters].map(async entry => {
    const contents = `export ${entry.replace(/from (.*)/, "from '$1'")}`
    return measure(entry, await bundle({ stdin: { contents, resolveDir: root }, external }))
  })
  const entries = Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return []
    const source = root + target['@silverback/source'].slice('./'.length)
    const specifier = name + subpath.slice('.'.length)
    return bundle({ entryPoints: [source], external }).then(result => measure(specifier, result))
  })
  return Promise.all([...parts, ...entries])
}

function measure(entry: string, { outputFiles, metafile }: Bundle): EntrySize {
  const [output] = Object.values(metafile.outputs)
  const code = outputFiles[0]?.text ?? ''
  const imports = output?.imports.filter(({ kind }) => kind !== 'dynamic-import') ?? []
  const files = Object.entries(output?.inputs ?? {})
    .filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && file.startsWith('src/'))
    .map(([file]) => file)
  return {
    entry,
    minified: Buffer.byteLength(code),
    gzip: gzipSync(code).length,
    imports: [...new Set(imports.map(({ path }) => path))].sort(),
    files: files.sort(),
    code,
  }
}
