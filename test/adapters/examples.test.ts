/** The example of each framework runs, and is what its page shows. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Browser } from '../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../src/testing/adapters/node-client.ts'
import { freePort } from '../support/free-port.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const names = readdirSync(`${root}examples`).filter(
  name => readdirSync(`${root}examples/${name}`).includes('app.ts') && name !== 'demo',
)

/** Runs an example for the time of a test. */
async function withExample(name: string, use: (origin: string) => Promise<void>): Promise<void> {
  const port = await freePort()
  const child = spawn(process.execPath, [`${root}examples/${name}/app.ts`], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close')
  const origin = `http://localhost:${port}`
  try {
    await listening(origin)
    await use(origin)
  } finally {
    child.kill()
    await ended
  }
}

async function listening(origin: string): Promise<void> {
  for (let tried = 0; tried < 200; tried++) {
    if (
      await fetch(origin).then(
        () => true,
        () => false,
      )
    )
      return
    await sleep(50)
  }
  throw new Error('the example does not listen after ten seconds')
}

const post = (
  values: object = {},
): { method: string; headers: Record<string, string>; body: string } => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(values),
})

suite('examples of adapters', () => {
  for (const name of names) {
    test(`${name}: signs in, remembers, flashes, signs out everywhere`, () =>
      withExample(name, async origin => {
        const [here, there] = [new Browser(nodeClient, origin), new Browser(nodeClient, origin)]
        const show = async (browser: Browser): Promise<unknown> =>
          JSON.parse((await browser.get('/')).text)

        assert.deepEqual(await show(here), { visits: 1, messages: [] })
        const planted = here.jar.get('login')
        const signedIn = await here.get('/sign-in', post({ user: 'ann', remember: true }))
        assert.equal(signedIn.status, 302)
        assert.match(signedIn.cookies.join(), /Max-Age=2592000/)
        assert.notEqual(here.jar.get('login'), planted)
        assert.deepEqual(await show(here), { user: 'ann', visits: 1, messages: ['Welcome back'] })
        assert.deepEqual(await show(here), { user: 'ann', visits: 2, messages: [] })

        const other = await there.get('/sign-in', post({ user: 'ann', remember: false }))
        assert.doesNotMatch(other.cookies.join(), /Max-Age/)
        await there.get('/sign-out-everywhere', post())
        assert.deepEqual(await show(there), { visits: 1, messages: [] })
        assert.deepEqual(await show(here), { visits: 1, messages: [] })
      }))

    test(`${name}: its page shows the example`, () => {
      const example = readFileSync(`${root}examples/${name}/app.ts`, 'utf8')
      const page = readFileSync(`${root}docs/adapters/${name}.md`, 'utf8')
      assert.ok(page.includes(`\`\`\`ts\n${example}\`\`\``))
    })
  }
})
