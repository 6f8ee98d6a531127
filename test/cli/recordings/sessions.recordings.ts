import { signIn } from '../support/sessions.ts'
import type { Recordings } from './recording.ts'

const handles = ['b3Jcm9sXq2Lw', 'Hk0aZt7_vN4e', 'w8YfR1-dUoP6']
const times = ['2026-11-02 08:14Z', '2026-11-03 08:14Z']

/** Sessions whose handles happen to be in the order of their owners, in which they are listed. */
async function inOrder(folder: string): Promise<{ url: string; all: string[] }> {
  for (let attempt = 0; ; attempt++) {
    const url = `sqlite:${folder}/sessions-${attempt}.db`
    const all = await signIn(url, ['ann', 'bob', 'dora'])
    if ([...all].sort().join() === all.join()) return { url, all }
  }
}

const recordings: Recordings = {
  sessions: {
    async prepare(folder) {
      const { url, all } = await inOrder(folder)
      const ann = all[0] as string
      return {
        env: { SESSION_STORE_URL: url, NODE_NO_WARNINGS: '1', ANN: ann.slice(0, 12) },
        replace: all.flatMap((handle, index) => {
          const short = handles[index] as string
          return [
            [handle, `${short}${'g5mVxQ3nTj7KsBpWcE0yLuFhRiDa9Z2'.slice(0, 31)}`],
            [handle.slice(0, 12), short],
          ] as const
        }),
      }
    },
    steps: [
      'npx silverback sessions list',
      'npx silverback sessions show $ANN --values',
      'npx silverback sessions revoke-all --owner bob --yes',
      'npx silverback sessions count',
    ],
    replace: [
      [/(?<=begun +|last seen +)\d{4}-\d\d-\d\d \d\d:\d\dZ/g, times[0] as string],
      [/(?<=expires +)\d{4}-\d\d-\d\d \d\d:\d\dZ/g, times[1] as string],
      [
        /\d{4}-\d\d-\d\d \d\d:\d\dZ {2}\d{4}-\d\d-\d\d \d\d:\d\dZ {2}\d{4}-\d\d-\d\d \d\d:\d\dZ/g,
        `${times[0]}  ${times[0]}  ${times[1]}`,
      ],
    ],
  },
}

export default recordings
