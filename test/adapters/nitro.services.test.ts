/** Internal requests of Nitro: their responses have the cookies and the body. */

import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { withServer } from '../support/projects/example.ts'
import { copyInto, installProject, needsProject, run } from '../support/projects/projects.ts'

/** What an internal request has received. */
interface Received {
  readonly status?: number
  readonly body: string
  readonly cookies?: readonly string[]
}

/** The ways to make an internal request in each version. `event.$fetch` returns the body only. */
const versions = {
  nitro2: ['$fetch', 'localFetch', 'event.fetch', 'event.$fetch'],
  nitro3: ['fetch', 'nitroApp.fetch'],
}

for (const [version, ways] of Object.entries(versions)) {
  const packages = `test/projects/${version}`

  suite(`internal requests of ${version}`, needsProject(packages), () => {
    let app: string
    before(() => {
      app = copyInto(installProject(packages), 'app', 'test/projects/nitro-suite', packages)
      run(app, [version === 'nitro2' ? 'nitropack' : 'nitro', 'build'])
    })

    for (const by of ways) {
      test(by, () =>
        withServer([process.execPath, '.output/server/index.mjs'], app, async origin => {
          const request = async (path: string, cookie = ''): Promise<Received> => {
            const query = new URLSearchParams({ by, path })
            const options = { headers: { cookie }, signal: AbortSignal.timeout(60_000) }
            const response = await fetch(`${origin}/internal?${query}`, options)
            return (await response.json()) as Received
          }
          const hasCookies = by !== 'event.$fetch'

          const first = await request('/visit')
          assert.deepEqual(JSON.parse(first.body), { cookie: 1, server: 1 })
          if (hasCookies) assertSaved(first, 200)

          const direct = (await fetch(`${origin}/visit`)).headers.getSetCookie()
          assert.deepEqual(namesOf(direct), ['cookie', 'server'])
          const cookie = direct.map(line => line.split(';')[0]).join('; ')
          if (by.startsWith('event')) {
            const again = await request('/visit', cookie)
            assert.deepEqual(JSON.parse(again.body), { cookie: 2, server: 2 })
          }

          if (!hasCookies) return
          assertSaved(await request('/redirect'), 302)
          assertSaved(await request('/error'), 404)
        }),
      )
    }
  })
}

function assertSaved({ status, cookies = [] }: Received, expected: number): void {
  assert.equal(status, expected)
  // The h3 of Nitro 3.0 appends the headers of the event to an error response twice.
  assert.deepEqual(namesOf([...new Set(cookies)]), ['cookie', 'server'])
}

function namesOf(cookies: readonly string[]): unknown[] {
  return cookies.map(line => line.split('=')[0]).sort()
}
