import type { Recordings } from './recording.ts'

const recordings: Recordings = {
  key: {
    steps: ['npx silverback keygen', 'npx silverback keygen --format env >> .env'],
    replace: [[/[\w+/]{43}=/g, 'kYp3s6v9yBEHMbQeThWmZq4t7w9zCFJNcRfUjXn2r5u=']],
  },
  go: {
    steps: ['npx silverback keygen --go --format env'],
    replace: [
      [/(?<=HASH_KEY=).+/g, 'Yw4Gq0XJmT2kV7cR9sBfLhD1nPzA6eUoKiS3tWyHx5CjQbNvMgZrFdEu8lOpIaTq'],
      [/(?<=BLOCK_KEY=).+/g, 'r5u8xADGKaPdSgVkYp3s6v9yBEHMbQeT'],
    ],
  },
}

export default recordings
