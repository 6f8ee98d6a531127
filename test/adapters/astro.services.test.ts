import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { Browser } from '../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../src/testing/adapters/node-client.ts'
import { withServer } from '../support/projects/example.ts'
import { copyInto, installProject, needsProject, run } from '../support/projects/projects.ts'
import { findRuntime } from '../support/projects/runtimes.ts'
import { runAdapterSuite, runAdapterSuiteIn } from './run.ts'

runAdapterSuite('astro5')

runAdapterSuiteIn('node24', 'astro')

suite('pages of Astro 5', needsProject('test/projects/astro5'), () =>
  pageTests('test/projects/astro5', process.execPath),
)

suite('pages of Astro 7', needsProject('examples/astro', 'node24'), () =>
  pageTests('examples/astro', findRuntime('node24') as string),
)

function pageTests(packages: string, node: string): void {
  const build = (name: string, ...removed: string[]): string => {
    const project = installProject(packages)
    const app = copyInto(project, name, 'examples/astro', 'test/projects/astro-pages')
    for (const page of removed) rmSync(join(app, 'src/pages', page))
    run(app, ['astro', 'build'], node)
    return app
  }
  const visiting = (
    app: string,
    use: (browser: Browser) => Promise<void>,
    saveOnError = 'keep',
  ): Promise<void> =>
    withServer(
      [node, 'dist/server/entry.mjs'],
      app,
      origin => use(new Browser(nodeClient, origin)),
      { SAVE_ON_ERROR: saveOnError },
    )
  let app: string
  let appWithoutErrorPage: string
  before(() => {
    app = build('pages')
    appWithoutErrorPage = build('pages-without-500', '500.astro')
  })

  test('shares the session of a failed page with 500.astro and saves the changes of both', () =>
    visiting(app, async browser => {
      const page = await browser.get('/failing')
      assert.deepEqual([page.status, page.cookies.length], [500, 1])
      assert.match(page.text, /Failed at visit 1/)
      assert.deepEqual(JSON.parse((await browser.get('/')).text), {
        visits: 2,
        messages: ['Sorry'],
      })
    }))

  test("drops the changes of both with saveOnError: 'discard'", () =>
    visiting(
      app,
      async browser => {
        const page = await browser.get('/failing')
        assert.deepEqual([page.status, page.cookies], [500, []])
        assert.match(page.text, /Failed at visit 1/)
        assert.deepEqual(JSON.parse((await browser.get('/')).text), { visits: 1, messages: [] })
      },
      'discard',
    ))

  test('saves nothing of a failed page without a 500.astro', () =>
    visiting(appWithoutErrorPage, async browser => {
      const page = await browser.get('/failing')
      assert.deepEqual([page.status, page.cookies], [500, []])
      assert.equal(JSON.parse((await browser.get('/')).text).visits, 1)
    }))

  test('returns the same session for the request, the context and its cookie jar', () =>
    visiting(app, async browser => {
      assert.equal((await browser.get('/same')).text, '[true,true,true]')
    }))

  test('shares the session of a page with the page that it rewrites to', () =>
    visiting(app, async browser => {
      for (const visit of [1, 2]) {
        const page = await browser.get('/rewriting')
        assert.equal(page.cookies.length, 1)
        assert.match(page.text, new RegExp(`Moved.*Visit ${visit} of ann`, 's'))
      }
      assert.deepEqual(JSON.parse((await browser.get('/')).text), {
        user: 'ann',
        visits: 3,
        messages: [],
      })
    }))
}
