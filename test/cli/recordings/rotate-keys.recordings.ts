import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Recordings } from './recording.ts'

const daysAgo = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+/, '')

const recordings: Recordings = {
  rotation: {
    async prepare(folder) {
      const lines = [
        `kYp3s6v9yBEHMbQeThWmZq4t7w9zCFJNcRfUjXn2r5u= # created ${daysAgo(30)}`,
        `r5u8xADGKaPdSgVkYp3s6v9yBEHMbQeThWmZq4t7w9z= # created ${daysAgo(60)}, replaced ${daysAgo(30)}`,
      ]
      await writeFile(join(folder, 'session-keys'), `${lines.join('\n')}\n`, { mode: 0o600 })
      return {}
    },
    steps: [
      'npx silverback rotate-keys session-keys --dry-run',
      'npx silverback rotate-keys session-keys',
    ],
    replace: [[/(?<=0 {2}key id )[\da-f]{8}/g, '35d9d3e0']],
  },
}

export default recordings
