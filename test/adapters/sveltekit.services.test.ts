import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import type { Visit } from 'silverback/testing/adapters'
import { Browser } from '../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../src/testing/adapters/node-client.ts'
import { needsProject } from '../support/projects/projects.ts'
import { adapters, type TestedAdapter } from './apps/index.ts'
import { runAdapterSuite, runAdapterSuiteIn } from './run.ts'

runAdapterSuite('sveltekit2')
runAdapterSuiteIn('node24', 'sveltekit')

suite('SvelteKit: inner hooks', needsProject('test/projects/sveltekit2'), () => {
  const { start } = adapters.sveltekit2 as TestedAdapter
  const visiting = async (use: (browser: Browser, records: () => number) => Promise<void>) => {
    const saved: string[] = []
    const store = new ServerStore(memory(), { onSave: ({ outcome }) => saved.push(outcome) })
    const flashes = ({ session }: Visit) => ({ body: session.flashes<string>().join() })
    const app = await start({
      sources: { store, name: 'login' },
      options: {},
      handle: async visit => {
        // The store returns the same session for the event.
        assert.equal(await store.get(visit.request, 'login'), visit.session)
        return flashes(visit)
      },
    })
    try {
      await use(
        new Browser(nodeClient, app.origin),
        () => saved.filter(each => each === 'saved').length,
      )
    } finally {
      await app.close()
    }
  }

  test('saves the session when an inner hook throws a redirect', () =>
    visiting(async browser => {
      const page = await browser.get('/hook-redirects')
      assert.deepEqual([page.status, page.cookies.length], [303, 1])
      assert.equal((await browser.get('/sign-in')).text, 'Sign in first')
    }))

  test('saves nothing when an inner hook fails, because no cookie could be set', () =>
    visiting(async (browser, records) => {
      const page = await browser.get('/hook-fails')
      assert.deepEqual([page.status, page.cookies.length, records()], [500, 0, 0])
      assert.equal((await browser.get('/')).text, '')
    }))
})
