import { cookieStore, go } from '../../../src/go/gorilla.ts'
import { CookieStore } from '../../../src/index.ts'
import type { Recordings, Replacement } from './recording.ts'

const key = 'kYp3s6v9yBEHMbQeThWmZq4t7w9zCFJNcRfUjXn2r5u='
const hashKey = 'Yw4Gq0XJmT2kV7cR9sBfLhD1nPzA6eUoKiS3tWyHx5CjQbNvMgZrFdEu8lOpIaTq'
const blockKey = 'r5u8xADGKaPdSgVkYp3s6v9yBEHMbQeT'

/** Saves a session that began some hours ago. Returns its cookie. */
async function cookieOf(
  makeStore: (options: { now: () => number }) => CookieStore,
  name: string,
  values: object,
): Promise<string> {
  const request = new Request('https://localhost/')
  const response = new Response()
  const now = () => Math.floor(Date.now() / 1000) - 3 * 3600 - 60
  const session = await makeStore({ now }).get(request, name)
  Object.assign(session.values, values)
  await session.save(request, response)
  return (response.headers.get('set-cookie') as string).split(';')[0] as string
}

// What depends on the time of the recording.
const replace: readonly Replacement[] = [
  [/(?<=(?:started|issued) +)\d\S+ \S+/g, '2026-11-02 09:00:00Z'],
  [/(?<=expires +)\d\S+ \S+/g, '2026-11-03 09:00:00Z'],
  [/(?<=cookie expires )\S+/g, '2026-12-02T09:00:00.000Z.'],
  [/\((?:now|\d seconds? ago)\)/g, '(3 hours ago)'],
]

const recordings: Recordings = {
  sealed: {
    async prepare() {
      const values = { userId: 7, roles: ['admin'], since: new Date('2026-11-01T08:30:00Z') }
      const make = ({ now }: { now: () => number }) => new CookieStore({ keys: [key], now })
      return { env: { COOKIE: await cookieOf(make, 'login', values), KEY: key } }
    },
    steps: [
      'echo "$COOKIE" | npx silverback inspect',
      { command: 'echo "SESSION_KEY=$KEY" > .env', hidden: true },
      'echo "$COOKIE" | npx silverback inspect  # now with SESSION_KEY in .env',
    ],
    replace,
  },
  go: {
    async prepare() {
      const values = {
        userId: go.int64(7),
        roles: ['admin'],
        since: new Date('2026-11-01T08:30:00Z'),
      }
      const make = () => cookieStore(hashKey, blockKey) as unknown as CookieStore
      const COOKIE = await cookieOf(make, 'session-name', values)
      return { env: { COOKIE, HASH_KEY: hashKey, BLOCK_KEY: blockKey } }
    },
    steps: ['echo "$COOKIE" | npx silverback inspect --keys-env HASH_KEY:BLOCK_KEY'],
    replace,
  },
}

export default recordings
