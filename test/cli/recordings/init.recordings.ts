import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { express } from '../init/starters.ts'
import type { Prepared, Recordings } from './recording.ts'

/** Express' own first example. */
async function prepare(folder: string): Promise<Prepared> {
  await mkdir(folder, { recursive: true })
  for (const [path, text] of Object.entries(express)) await writeFile(join(folder, path), text)
  return {}
}

const recordings: Recordings = {
  express: {
    prepare,
    steps: [
      {
        command: 'npx silverback init',
        type: [
          { after: 'keep its sessions?', keys: '\r' },
          { after: 'Write 7 files?', keys: '\r' },
          { after: 'Run npm install', keys: 'n' },
        ],
      },
      'npx silverback init --yes',
    ],
    // Of new files longer than 20 lines, the first ones.
    replace: [[/((?:^\+.*\n){6})(?:^\+.*\n){15,}/gm, '$1+…\n']],
  },
  scripts: {
    prepare,
    steps: ['npx silverback init --yes --store=redis'],
  },
}

export default recordings
