/** Bundles for servers without modules of Node, as their tools make them. */

import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, build } from 'esbuild'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A bundle in memory, and what it is made of. */
export type Bundle = BuildResult<{ write: false; metafile: true }>

/** An app in one file. Modules of Node are left to the platform. */
export function bundle(options: Pick<BuildOptions, 'entryPoints' | 'stdin'>): Promise<Bundle> {
  return build({
    ...options,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@silverback/source', 'workerd'],
    // What `imports` of package.json says under these conditions, before it is built.
    alias: {
      '#crypto': `${root}src/runtime/crypto/noble.ts`,
      '#bytes': `${root}src/runtime/bytes/web.ts`,
    },
    external: ['node:*'],
    write: false,
    metafile: true,
  })
}

/** An app with an adapter and one backend, by their subpaths of the package. */
export function bundleApp(adapter: string, backend: string): Promise<Bundle> {
  const contents = `
    import { ServerStore } from 'silverback'
    import * as backend from 'silverback/${backend}'
    import { sessions } from 'silverback/${adapter}'
    export const app = client =>
      sessions({ store: new ServerStore(backend.${backend}(client)), name: 'sid' })`
  return bundle({ stdin: { contents, resolveDir: root } })
}
