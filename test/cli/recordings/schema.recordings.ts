import type { Recordings } from './recording.ts'

const recordings: Recordings = {
  sql: { steps: ['npx silverback schema postgres --table web.sessions'] },
  dynamodb: { steps: ['npx silverback schema dynamodb --owner-index owners > table.json'] },
}

export default recordings
