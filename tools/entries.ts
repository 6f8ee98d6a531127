/** The entries of package.json. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The source file of each entry, by its import. */
export function entryFiles(): Record<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries<{ '@silverback/source'?: string }>(exports)
  return Object.fromEntries(
    entries.flatMap(([entry, { '@silverback/source': file }]) =>
      file ? [[`silverback${entry.slice(1)}`, join(root, file)]] : [],
    ),
  )
}
