import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CookieStore } from '../../../src/index.ts'
import type { Recordings, Replacement } from './recording.ts'

const key = 'kYp3s6v9yBEHMbQeThWmZq4t7w9zCFJNcRfUjXn2r5u='
const older = 'r5u8xADGKaPdSgVkYp3s6v9yBEHMbQeThWmZq4t7w9z='

async function cookieOf(keys: string[]): Promise<string> {
  const request = new Request('https://localhost/')
  const response = new Response()
  const now = () => Math.floor(Date.now() / 1000) - 3 * 3600 - 60
  const session = await new CookieStore({ keys, now }).get<{ userId?: number }>(request, 'login')
  session.values.userId = 7
  await session.save(request, response)
  return (response.headers.get('set-cookie') as string).split(';')[0] as string
}

// What depends on the time of the recording.
const replace: readonly Replacement[] = [
  [/(?<=(?:started|issued) +)\d\S+ \S+/g, '2026-11-02 09:00:00Z'],
  [/(?<=expires +)\d\S+ \S+/g, '2026-11-03 09:00:00Z'],
]

const recordings: Recordings = {
  curl: {
    async prepare(folder) {
      const command = `curl 'https://shop.example/cart' -b '${await cookieOf([older])}; ${await cookieOf([key])}'`
      await writeFile(join(folder, 'request.sh'), command)
      return { env: { SESSION_KEY: key } }
    },
    steps: ['npx silverback explain request.sh'],
    replace,
  },
  har: {
    async prepare(folder) {
      const setCookie = `${await cookieOf([key])}; Path=/; HttpOnly; SameSite=Lax`
      const entry = {
        startedDateTime: new Date().toISOString(),
        request: { method: 'POST', url: 'https://shop.example/login', headers: [] },
        response: { status: 303, headers: [{ name: 'Set-Cookie', value: setCookie }] },
      }
      await writeFile(join(folder, 'shop.har'), JSON.stringify({ log: { entries: [entry] } }))
      return {}
    },
    steps: ['npx silverback explain shop.har'],
  },
}

export default recordings
