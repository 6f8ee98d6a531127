/** Adapters save the sessions of a store that belongs to another copy of the library. */

import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import express from 'express'
import { CookieStore, defineSession, ServerStore, type SessionSource } from 'silverback'
import { sessions } from 'silverback/express'
import { memory } from 'silverback/memory'
import type { RunningApp, TestApp } from 'silverback/testing/adapters'
import { breakableBackend } from '../../src/testing/adapters/stores.ts'
import { counting } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { incompatibleCopy, SecondCopy } from '../support/second-copy.ts'
import { adapters } from './apps/index.ts'
import { listen } from './apps/node-http.ts'

type Library = typeof import('silverback')

const copy = new SecondCopy()
const incompatible = incompatibleCopy()
after(() => {
  copy.remove()
  incompatible.remove()
})

/** A source in a server-side store, and the calls of its backend. */
function sourceOf(library: Pick<Library, 'ServerStore' | 'defineSession'>): {
  source: SessionSource
  calls: Record<string, number>
} {
  const { backend, calls } = counting(memory())
  const store = new library.ServerStore(backend, { keys })
  return { source: library.defineSession(store, 'login'), calls }
}

/** Visits the app twice, and asserts that each visit was counted and saved once. */
async function assertSavesOnce(app: RunningApp, calls: Record<string, number>): Promise<void> {
  try {
    const first = await fetch(app.origin)
    assert.equal(await first.text(), '1')
    const cookies = first.headers.getSetCookie()
    assert.equal(cookies.length, 1)
    assert.deepEqual([calls.create, calls.update], [1, undefined])
    const cookie = cookies[0]?.split(';')[0] as string
    assert.equal(await (await fetch(app.origin, { headers: { cookie } })).text(), '2')
    assert.equal(await (await fetch(app.origin, { headers: { cookie } })).text(), '3')
    assert.deepEqual([calls.create, calls.update], [1, 2])
  } finally {
    await app.close()
  }
}

const handle: TestApp['handle'] = ({ session }) => ({ body: String(session.increment('visits')) })

suite('a store of another copy of the library', () => {
  for (const [name, { start, project }] of Object.entries(adapters)) {
    if (project) continue
    test(`with ${name}`, async () => {
      const { source, calls } = sourceOf(await copy.import('index.ts'))
      await assertSavesOnce(await start({ sources: source, options: {}, handle }), calls)
    })

    test(`with ${name}, of an incompatible version`, async () => {
      const { source } = sourceOf(await incompatible.import('index.ts'))
      let isHandled = false
      const app = await start({
        sources: source,
        options: { onError: () => undefined },
        handle() {
          isHandled = true
          return { body: 'ok' }
        },
      })
      try {
        assert.equal((await fetch(app.origin)).status, 500)
        assert.ok(!isHandled)
      } finally {
        await app.close()
      }
    })
  }

  test('with the middleware of both copies', async () => {
    const other = await copy.import<typeof import('silverback/express')>('adapters/express.ts')
    const { source, calls } = sourceOf({ ServerStore, defineSession })
    const app = express()
      .use(sessions(source), other.sessions(source))
      .get('/', async (request, response) => {
        response.send(String((await source.get?.(request))?.increment('visits')))
      })
    await assertSavesOnce(await listen(app), calls)
  })
})

suite('the middleware of two copies in one app', () => {
  const start = async (
    source: SessionSource<{ visits?: number }>,
    onError: (error: unknown) => void,
  ) => {
    const other = await copy.import<typeof import('silverback/express')>('adapters/express.ts')
    const app = express()
      .use(sessions(source), other.sessions(source))
      .get('/', async (request, response) => {
        response.send(String((await source.get?.(request))?.increment('visits')))
      })
      .use(((error, _request, response, _next) => {
        onError(error)
        response.status(500).send('failed')
      }) as express.ErrorRequestHandler)
    return listen(app)
  }

  test('sets one cookie', async () => {
    const source = defineSession(new CookieStore({ keys }), 'login')
    const app = await start(source, error => assert.fail(error as Error))
    try {
      const page = await fetch(app.origin)
      assert.deepEqual([await page.text(), page.headers.getSetCookie().length], ['1', 1])
    } finally {
      await app.close()
    }
  })

  test('reports a failed save once', async () => {
    const { backend, broken } = breakableBackend()
    const errors: unknown[] = []
    const source = defineSession(new ServerStore(backend, { keys }), 'login')
    const app = await start(source, error => errors.push(error))
    try {
      broken.add('create')
      const page = await fetch(app.origin)
      assert.deepEqual([page.status, await page.text()], [500, 'failed'])
      assert.deepEqual(page.headers.getSetCookie(), [])
      assert.equal(errors.length, 1)
    } finally {
      await app.close()
    }
  })
})

suite('an adapter of another copy of the library', () => {
  test('silverback/node', async () => {
    const other = await copy.import<typeof import('silverback/node')>('adapters/node.ts')
    const { source, calls } = sourceOf({ ServerStore, defineSession })
    const listener = other.sessions(source, (_, response, session) => {
      response.end(String(session.increment('visits')))
    })
    await assertSavesOnce(await listen(listener), calls)
  })

  test('silverback/fastify', async () => {
    const other = await copy.import<typeof import('silverback/fastify')>('adapters/fastify.ts')
    const { default: fastify } = await import('fastify')
    const { source, calls } = sourceOf({ ServerStore, defineSession })
    const app = fastify().register(other.sessions(source))
    // The request of the framework stands for Node's in both copies.
    app.get('/', async request => String((await source.get?.(request))?.increment('visits')))
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    await assertSavesOnce({ origin, close: () => app.close() }, calls)
  })
})
