/** Runs examples as servers. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CookieJar } from 'silverback/testing'
import { freePort } from '../services/free-port.ts'
import { until } from '../until.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs an example while `use` runs. */
export const withExample = (
  name: string,
  use: (origin: string) => Promise<void>,
  file = 'app.ts',
): Promise<void> =>
  withServer([process.execPath, `${root}examples/${name}/${file}`], root, use, {
    NODE_OPTIONS: process.env.NODE_OPTIONS,
  })

/** Runs a server while `use` runs. The server gets its port from the variable `PORT`. */
export async function withServer(
  [command, ...args]: readonly [string, ...string[]],
  cwd: string,
  use: (origin: string) => Promise<void>,
  environment: NodeJS.ProcessEnv = {},
): Promise<void> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  try {
    await until('the example listens', async () => {
      if (child.exitCode !== null) throw new Error('the example has ended')
      return fetch(origin).then(
        () => true,
        () => false,
      )
    })
    await use(origin)
  } finally {
    child.kill()
    await ended
  }
}

/** Tests what every example supports: sign in, "remember me", flash messages, sign out everywhere. */
export async function signInAndOut(origin: string): Promise<void> {
  const [here, there] = [new CookieJar({ origin }), new CookieJar({ origin })]
  const show = async (jar: CookieJar): Promise<unknown> => (await jar.fetch('/')).json()
  const cookiesOf = ({ headers }: Response): string => headers.getSetCookie().join()

  assert.deepEqual(await show(here), { visits: 1, messages: [] })
  const planted = here.get('login')
  const signedIn = await here.fetch('/sign-in', post({ user: 'ann', remember: true }))
  assert.equal(signedIn.status, 302)
  assertMaxAge(cookiesOf(signedIn), 30 * 86_400)
  assert.notEqual(here.get('login'), planted)
  assert.deepEqual(await show(here), { user: 'ann', visits: 1, messages: ['Welcome back'] })
  assert.deepEqual(await show(here), { user: 'ann', visits: 2, messages: [] })

  const other = await there.fetch('/sign-in', post({ user: 'ann', remember: false }))
  assert.doesNotMatch(cookiesOf(other), /Max-Age/)
  await there.fetch('/sign-out-everywhere', post())
  assert.deepEqual(await show(there), { visits: 1, messages: [] })
  assert.deepEqual(await show(here), { visits: 1, messages: [] })
}

/** Asserts that a `Set-Cookie` line has this `Max-Age`, or less by the seconds between the sign-in and its save. */
export function assertMaxAge(line: string, seconds: number): void {
  const maxAge = Number(/Max-Age=(\d+)/.exec(line)?.[1])
  assert.ok(seconds - 60 < maxAge && maxAge <= seconds, line)
}

const post = (values: object = {}): RequestInit => ({
  method: 'POST',
  redirect: 'manual',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(values),
})
