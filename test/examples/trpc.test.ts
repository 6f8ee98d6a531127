/** The tRPC example, with tRPC's client. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  type TRPCClient,
} from '@trpc/client'
import { CookieJar } from 'silverback/testing'
import type { AppRouter } from '../../examples/trpc/server.ts'
import { assertMaxAge, withExample } from '../support/projects/example.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const serving = (use: (origin: string) => Promise<void>): Promise<void> =>
  withExample('trpc', use, 'server.ts')

/** Makes a client with a cookie jar. */
function visitor(
  origin: string,
  link: typeof httpLink | typeof httpBatchLink | typeof httpBatchStreamLink = httpLink,
): { client: TRPCClient<AppRouter>; lines: string[] } {
  const lines: string[] = []
  const jar = new CookieJar()
  const fetchWithCookies = async (input: RequestInfo | URL, init?: object): Promise<Response> => {
    const response = await jar.fetch(input, init)
    lines.push(...response.headers.getSetCookie())
    return response
  }
  const client = createTRPCClient<AppRouter>({
    links: [link({ url: origin, fetch: fetchWithCookies })],
  })
  return { client, lines }
}

suite('the tRPC example', () => {
  test('signs in, remembers the visitor, shows messages and signs out everywhere', () =>
    serving(async origin => {
      const [here, there] = [visitor(origin), visitor(origin)]
      const { visit, signIn } = here.client
      assert.deepEqual(await visit.mutate(), { visits: 1, messages: [] })
      await signIn.mutate({ user: 'ann', remember: true })
      assertMaxAge(here.lines.at(-1) ?? '', 30 * 86_400)
      const [planted, signedIn] = here.lines.map(line => line.split(';')[0])
      assert.notEqual(signedIn, planted)
      assert.deepEqual(await visit.mutate(), { user: 'ann', visits: 1, messages: ['Welcome back'] })
      assert.deepEqual(await visit.mutate(), { user: 'ann', visits: 2, messages: [] })

      await there.client.signIn.mutate({ user: 'ann', remember: false })
      assert.doesNotMatch(there.lines.at(-1) ?? '', /Max-Age/)
      await there.client.signOutEverywhere.mutate()
      assert.deepEqual(await visit.mutate(), { visits: 1, messages: [] })
    }))

  test('shares the session between the procedures of a batch and sets one cookie', () =>
    serving(async origin => {
      const { client, lines } = visitor(origin, httpBatchLink)
      const visits = await Promise.all([1, 2, 3].map(async () => client.visit.mutate()))
      assert.deepEqual(visits.map(({ visits }) => visits).sort(), [1, 2, 3])
      assert.equal(lines.length, 1)
    }))

  test('does not sign a visitor in over a streaming link', () =>
    serving(async origin => {
      const { client, lines } = visitor(origin, httpBatchStreamLink)
      await client.signIn.mutate({ user: 'ann', remember: true })
      assert.deepEqual(lines, [])
      assert.equal((await client.visit.mutate()).user, undefined)
    }))
})

test('the docs page of tRPC shows the example', () => {
  const example = readFileSync(`${root}examples/trpc/server.ts`, 'utf8')
  const page = readFileSync(`${root}docs/adapters/trpc.md`, 'utf8')
  assert.ok(page.includes(`\`\`\`ts\n${example}\`\`\``))
})
