/** The SvelteKit example, in a new project with the packed library. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../support/http/browser.ts'
import { withServer } from '../support/projects/example.ts'
import {
  compile,
  copyInto,
  installProject,
  needsProject,
  run,
} from '../support/projects/projects.ts'
import { findRuntime } from '../support/projects/runtimes.ts'
import { needs } from '../support/services/programs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = 'examples/sveltekit'
const versions = [
  { name: 'SvelteKit 2', packages: 'test/projects/sveltekit2' },
  { name: 'SvelteKit 3', packages: source, runtime: 'node24' },
] as const

for (const { name, packages, ...version } of versions) {
  const runtime = 'runtime' in version ? version.runtime : undefined
  suite(`the ${name} example`, needsProject(packages, runtime), () => {
    const node = runtime ? (findRuntime(runtime) as string) : process.execPath
    let app: string
    before(() => {
      app = copyInto(installProject(packages), 'example', source)
      if (packages !== source) extendWrittenConfig(app)
      run(app, ['vite', 'build'], node)
    })
    const serving = (use: (origin: string) => Promise<void>): Promise<void> =>
      withServer([node, 'build'], app, use, { PROTOCOL_HEADER: 'x-forwarded-proto' })

    for (const compiler of ['typescript', 'typescript7'] as const) {
      test(`compiles with ${compiler}, including the types of libraries`, () =>
        compile(app, compiler))
    }

    test(
      'works in Chromium: sign-in, messages, remember me, two tabs, sign-out everywhere',
      {
        ...needs('chromium'),
      },
      () =>
        serving(async origin => {
          const browser = await launchBrowser()
          try {
            // Without this header of a proxy, SvelteKit assumes that its origin is https.
            const proxied = { extraHTTPHeaders: { 'x-forwarded-proto': 'http' } }
            const here = await browser.newContext(proxied)
            const there = await browser.newContext(proxied)
            const page = await here.newPage()
            const cookie = async (context = here): Promise<{ value: string; expires: number }> => {
              const [only, ...others] = await context.cookies()
              assert.ok(only && others.length === 0)
              return only
            }

            await page.goto(origin)
            await shows(page, 'Visit 1 of nobody')
            const planted = await cookie()
            assert.equal(planted.expires, -1)
            await signIn(page, { remember: true })
            await shows(page, 'Welcome back', 'Visit 1 of ann')
            const signedIn = await cookie()
            assert.notEqual(signedIn.value, planted.value)
            assert.ok(signedIn.expires > Date.now() / 1000 + 29 * 86_400)
            await page.reload()
            await shows(page, 'Visit 2 of ann')
            assert.equal(await page.getByRole('status').count(), 0)

            const tab = await here.newPage()
            await tab.goto(origin)
            await shows(tab, 'Visit 3 of ann')
            await page.reload()
            await shows(page, 'Visit 4 of ann')

            const other = await there.newPage()
            await other.goto(origin)
            await signIn(other, { remember: false })
            await shows(other, 'Welcome back', 'Visit 1 of ann')
            assert.equal((await cookie(there)).expires, -1)
            await other.getByRole('button', { name: 'Sign out everywhere' }).click()
            await shows(other, 'of nobody')
            for (const each of [page, tab]) {
              await each.reload()
              await shows(each, 'of nobody')
            }
          } finally {
            await browser.close()
          }
        }),
    )
  })
}

test('the docs page of SvelteKit shows the example', () => {
  const page = readFileSync(join(root, 'docs/adapters/sveltekit.md'), 'utf8')
  for (const file of [
    'sessions.server.ts',
    'hooks.server.ts',
    'app.d.ts',
    'routes/+page.server.ts',
  ]) {
    const code = readFileSync(join(root, source, 'src', file), 'utf8')
    assert.ok(page.includes(`\`src/${file}\`:\n\n\`\`\`typescript\n${code}\`\`\``), file)
  }
})

/** Before version 3, SvelteKit writes the compiler options to a folder instead of to `$app/tsconfig`. */
function extendWrittenConfig(app: string): void {
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeFileSync(
    join(app, 'tsconfig.json'),
    JSON.stringify({ extends: './.svelte-kit/tsconfig.json', compilerOptions: options }),
  )
}

async function signIn(page: Page, { remember }: { remember: boolean }): Promise<void> {
  await page.getByLabel('Name').fill('ann')
  if (remember) await page.getByLabel('Stay signed in').check()
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Waits until the page shows these texts. */
async function shows(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) await page.getByText(text).waitFor({ timeout: 60_000 })
}
