/** Bundles apps the way the tools of edge platforms do, for runtimes without Node's modules. */

import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, build } from 'esbuild'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A bundle in memory, with esbuild's metafile. */
export type Bundle = BuildResult<{ write: false; metafile: true }>

/** Bundles an app into one file. Node's modules stay external. */
export function bundle({
  external = [],
  ...options
}: Pick<BuildOptions, 'entryPoints' | 'stdin' | 'external'>): Promise<Bundle> {
  return build({
    ...options,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    // Tools read these fields of packages without `exports`; esbuild reads none on a neutral platform.
    mainFields: ['module', 'main'],
    conditions: ['@silverback/source', 'workerd'],
    // What the `imports` of package.json resolve to under these conditions, but as source instead of `dist`.
    alias: {
      '#crypto': `${root}src/runtime/crypto/noble.ts`,
      '#bytes': `${root}src/runtime/bytes/web.ts`,
    },
    external: ['node:*', ...external],
    write: false,
    metafile: true,
  })
}

/** Bundles an app with one adapter and one backend, imported by the subpaths of the package. */
export function bundleApp(adapter: string, backend: string): Promise<Bundle> {
  const contents = `
    import { ServerStore } from 'silverback'
    import * as backend from 'silverback/${backend}'
    import { sessions } from 'silverback/${adapter}'
    export const app = client =>
      sessions({ store: new ServerStore(backend.${backend}(client)), name: 'sid' })`
  return bundle({ stdin: { contents, resolveDir: root } })
}
