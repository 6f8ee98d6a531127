/** Bundles for servers without modules of Node, as their tools make them. */

import { fileURLToPath } from 'node:url'
import { type BuildOptions, type BuildResult, build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An app in one file that is kept in memory. Modules of Node are left to the platform. */
export function bundle<const Options extends BuildOptions>(
  options: Options,
): Promise<BuildResult<Options & { write: false; metafile: true }>> {
  return build({
    ...options,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@silverback/source', 'workerd'],
    // What `imports` of package.json says under these conditions, before it is built.
    alias: {
      '#crypto': `${root}src/crypto/noble.ts`,
      '#bytes': `${root}src/bytes/web.ts`,
    },
    external: ['node:*'],
    write: false,
    metafile: true,
  })
}

/** The same of a piece of source, smaller. */
export function bundleSource(
  contents: string,
): Promise<BuildResult<{ write: false; metafile: true }>> {
  return bundle({ stdin: { contents, resolveDir: root }, minify: true })
}
