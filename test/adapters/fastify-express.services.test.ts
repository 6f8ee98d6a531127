/** Sessions in a router inside the real `@fastify/express`, next to Fastify's own. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import express, { type NextFunction, type Request, type Response } from 'express'
import { type FastifyPluginCallback, fastify } from 'fastify'
import type { Session } from 'silverback'
import { sessions } from 'silverback/express'
import { sessions as plugin } from 'silverback/fastify'
import { breakableBackend, serverStore } from '../../src/testing/adapters/stores.ts'
import { installProject, needsProject } from '../support/projects/projects.ts'

// Warnings are emitted in development. Read at the first request.
process.env.NODE_ENV = 'development'

const packages = 'test/projects/middleware'
const orders = ['no plugin', 'the plugin before', 'the plugin after'] as const

const count = (request: object): string =>
  String((request as { session?: Session<{ n?: number }> }).session?.increment('n'))

/** Responds with the number of the visit, from the router and from Fastify. */
async function start(order: (typeof orders)[number]) {
  const { backend, broken } = breakableBackend()
  const source = { store: serverStore(backend), name: 'sid' }
  const app = fastify({ forceCloseConnections: true })
  const load = createRequire(`${installProject(packages)}/package.json`)
  if (order === 'the plugin before') app.register(plugin(source))
  await app.register(load('@fastify/express') as FastifyPluginCallback)
  if (order === 'the plugin after') app.register(plugin(source))
  const router = express.Router()
  router.get('/bare', (request, response) => void response.end(count(request)))
  router.use(sessions(source))
  router.get('/send', (request, response) => void response.send(count(request)))
  router.get('/end', (request, response) => void response.end(count(request)))
  router.get('/fastify', (request: Request, _response: Response, next: NextFunction) => {
    Object.assign(request, { count: count(request) })
    next()
  })
  ;(app as unknown as { use(router: object): void }).use(router)
  app.get('/fastify', async ({ raw }) => (raw as { count?: string }).count)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return { origin, broken, close: () => app.close() }
}

suite('a router inside @fastify/express', needsProject(packages), () => {
  for (const order of orders) {
    for (const path of ['/send', '/end', '/fastify']) {
      test(`${order}: ${path}`, async () => {
        const { origin, broken, close } = await start(order)
        try {
          const signal = AbortSignal.timeout(60_000)
          const first = await fetch(origin + path, { signal })
          const cookies = first.headers.getSetCookie()
          assert.deepEqual([first.status, await first.text(), cookies.length], [200, '1', 1])
          const headers = { cookie: cookies[0]?.split(';')[0] as string }
          assert.equal(await (await fetch(origin + path, { headers, signal })).text(), '2')

          broken.add('create')
          const failed = await fetch(origin + path, { signal })
          assert.deepEqual([failed.status, failed.headers.getSetCookie()], [500, []])
        } finally {
          await close()
        }
      })
    }
  }

  test('a route without the middleware emits a warning', async () => {
    const { origin, close } = await start('the plugin after')
    try {
      const warned = once(process, 'warning', { signal: AbortSignal.timeout(60_000) })
      assert.equal(await (await fetch(`${origin}/bare`)).text(), 'undefined')
      const [{ code, message }] = await warned
      assert.equal(code, 'SESSION_RAW_REQUEST')
      assert.match(message, /request\.session .*silverback\/express/)
    } finally {
      await close()
    }
  })
})
