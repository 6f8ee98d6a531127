import { signIn } from '../support/sessions.ts'
import type { Recordings } from './recording.ts'

const recordings: Recordings = {
  migrate: {
    async prepare(folder) {
      const owners = Array.from({ length: 250 }, (_, index) => `user-${index}`)
      await signIn(`sqlite:${folder}/app.db`, owners)
      return { env: { NODE_NO_WARNINGS: '1' } }
    },
    steps: [
      'npx silverback migrate sqlite:app.db file:sessions',
      'npx silverback migrate sqlite:app.db file:sessions  # again',
    ],
    replace: [[/ in \d+ s$/gm, ' in 1 s']],
  },
}

export default recordings
