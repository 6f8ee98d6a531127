/**
 * The page with the size of every entry.
 *
 * @module
 */

import { fileURLToPath } from 'node:url'
import { budgets } from './budgets.ts'
import type { EntrySize } from './entries.ts'

export const page: string = fileURLToPath(new URL('../../docs/sizes.md', import.meta.url))

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1)

/** The text of docs/sizes.md. */
export function pageText(sizes: readonly EntrySize[]): string {
  const rows = sizes.map(({ entry, minified, gzip, imports }) => {
    const limit = budgets[entry]?.gzip ?? 0
    const modules = imports.map(name => `\`${name}\``).join(', ') || '–'
    const cells = [`\`${entry}\``, ...[minified, gzip, limit].map(kilobytes), modules]
    return `| ${cells.join(' | ')} |`
  })
  return `# Sizes

A bundle that imports an entry of the package grows by the size below: kilobytes (1000 bytes), minified by
esbuild, then compressed with gzip. Dependencies are included, peer dependencies are not. Entries share code,
so an app that imports two of them grows by less than their sum.

The sizes are those on platforms without Node's modules, where the cryptography is bundled too. A bundle for
Node, Bun or Deno leaves it to \`node:crypto\` and is smaller.

| import | minified | gzip | budget | static imports |
|---|---:|---:|---:|---|
${rows.join('\n')}

A test fails when an entry exceeds its budget, imports another module, or contains code of another entry's
backend or framework. The budgets are in \`bench/size/budgets.ts\`. \`npm run docs:sizes\` writes this page.
`
}
