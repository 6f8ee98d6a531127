/** A second copy of the library in this process, as two installed versions are. */

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of `src/` in a folder of its own, so that each of its modules is loaded again. */
export class SecondCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), 'silverback-copy-'))

  /** @param edits - changes to files of `src/`, by path */
  constructor(edits: Readonly<Record<string, (text: string) => string>> = {}) {
    cpSync(`${root}src`, join(this.#folder, 'src'), { recursive: true })
    cpSync(`${root}package.json`, join(this.#folder, 'package.json'))
    symlinkSync(`${root}node_modules`, join(this.#folder, 'node_modules'), 'junction')
    for (const [file, edit] of Object.entries(edits)) {
      const path = join(this.#folder, 'src', file)
      writeFileSync(path, edit(readFileSync(path, 'utf8')))
    }
  }

  /** Imports a module of the copy. The types are those of the original. */
  async import<Module>(file: string): Promise<Module> {
    return import(pathToFileURL(join(this.#folder, 'src', file)).href)
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

/** A copy of a version that is not compatible with this one. */
export function incompatibleCopy(): SecondCopy {
  return new SecondCopy({
    'lib/copies.ts': text => text.replace(/contract: \d+, version: '[^']+'/, newer),
  })
}

const newer = "contract: 1000, version: '99.0.0'"
