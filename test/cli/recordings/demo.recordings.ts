import type { Recordings } from './recording.ts'

const recordings: Recordings = {
  demo: {
    steps: [{ command: 'npx silverback demo', type: [{ after: 'Press Ctrl-C', keys: '\x03' }] }],
    replace: [[/\n?\^C/g, '']],
  },
}

export default recordings
