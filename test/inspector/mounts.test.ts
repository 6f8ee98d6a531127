import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { serve } from '@hono/node-server'
import connect from 'connect'
import { Elysia } from 'elysia'
import express from 'express'
// @ts-expect-error No types are installed under this name.
import express4 from 'express4'
import fastify from 'fastify'
import { H3 } from 'h3'
import { createApp, fromNodeMiddleware, toNodeListener } from 'h3v1'
import { Hono } from 'hono'
import Koa from 'koa'
import { CookieStore, ServerStore } from 'silverback'
import { sessions as expressSessions } from 'silverback/express'
import { type Inspector, inspector } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import type { RunningApp } from 'silverback/testing/adapters'
import { listen } from '../adapters/apps/node-http.ts'
import { serveWeb } from '../adapters/apps/web.ts'
import { visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { Operator, signIn } from './panel.ts'

/** Apps that mount the inspector at `/admin/sessions`, by the names of their frameworks. */
const mounts: Record<string, (panel: Inspector) => Promise<RunningApp>> = {
  Express: panel => listen(express().use('/admin/sessions', panel.node)),
  'Express 4': panel => listen(express4().use('/admin/sessions', panel.node)),
  'Express with a body parser': panel =>
    listen(express().use(express.urlencoded()).all('/admin/sessions', panel.node)),
  'Express behind sessions': panel => {
    const source = { store: new CookieStore({ keys }), name: 'visitor' }
    return listen(express().use(expressSessions(source)).use('/admin/sessions', panel.node))
  },
  Connect: panel => listen(connect().use('/admin/sessions', panel.node)),
  'node:http': panel =>
    listen((request, response) => {
      if (request.url?.startsWith('/admin/sessions')) panel.node(request, response)
      else response.writeHead(404).end()
    }),
  Koa: panel => {
    const app = new Koa()
    app.use(async (context, next) => {
      if (context.path !== '/admin/sessions') return next()
      context.respond = false
      await panel.node(context.req, context.res)
    })
    return listen(app.callback())
  },
  Fastify: async panel => {
    const app = fastify({ forceCloseConnections: true })
    app.all(
      '/admin/sessions',
      { onRequest: (request, reply) => panel.node(request.raw, reply.hijack().raw) },
      () => {},
    )
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return { origin, close: () => app.close() }
  },
  Hono: panel => {
    const app = new Hono().all('/admin/sessions', c => panel.fetch(c.req.raw))
    return new Promise(resolve => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve({
          origin: `http://127.0.0.1:${port}`,
          close: () => new Promise<void>(closed => server.close(() => closed())),
        }),
      )
    })
  },
  h3: panel => {
    const app = new H3().all('/admin/sessions', event => panel.fetch(event.req))
    return serveWeb(async request => app.fetch(request))
  },
  'h3 v1': panel =>
    listen(toNodeListener(createApp().use('/admin/sessions', fromNodeMiddleware(panel.node)))),
  Elysia: panel => {
    const app = new Elysia().all('/admin/sessions', ({ request }) => panel.fetch(request), {
      parse: 'none',
    })
    return serveWeb(async request => app.fetch(request))
  },
  'web requests': panel => serveWeb(request => panel.fetch(request)),
}

suite('the inspector is mounted in', () => {
  for (const [name, mount] of Object.entries(mounts)) {
    test(name, async t => {
      const store = new ServerStore(memory(), { keys })
      await visit(store, signIn('ann', { name: 'Ann' }))
      const panel = inspector({ stores: { login: store }, authorize: () => true })
      const app = await mount(panel)
      t.after(() => app.close())
      const operator = new Operator({
        // As a browser would send it to the app.
        fetch: async request => {
          const { pathname, search } = new URL(request.url)
          const headers = new Headers(request.headers)
          if (headers.has('origin')) headers.set('origin', app.origin)
          const body = request.method === 'POST' ? await request.text() : null
          const url = app.origin + pathname + search
          return fetch(url, { method: request.method, headers, body, redirect: 'manual' })
        },
      })
      const list = await operator.page('?view=sessions')
      const [, handle] = /handle=([\w-]{43})/.exec(list) ?? []
      assert.ok(operator.cookie)
      const page = await operator.page(`?view=session&handle=${handle}`)
      const shown = await operator.submit(page, 'show-value', { pointer: '/name' })
      assert.match(await shown.text(), /<pre[^>]*>Ann</)

      const asked = await operator.page(`?view=confirm&action=revoke&handle=${handle}`)
      const attack = await operator.submit(asked, 'revoke', { token: 'x' })
      assert.equal(attack.status, 403)
      await attack.text()
      assert.equal((await store.sessionsOf('ann')).length, 1)
      const done = await operator.submit(asked, 'revoke')
      assert.equal(done.status, 303)
      const location = new URL(
        done.headers.get('location') as string,
        `${app.origin}/admin/sessions`,
      )
      assert.equal(location.pathname, '/admin/sessions')
      assert.equal((await store.sessionsOf('ann')).length, 0)
      assert.match(await operator.page(location.search), /Revoked 1 session/)

      const large = await operator.post({ action: 'explain', cookie: 'x'.repeat(90_000) })
      assert.equal(large.status, 413)
      assert.equal((await operator.send('?view=sessions', { method: 'HEAD' })).status, 200)
    })
  }
})

suite('the inspector in Node', () => {
  test('finds the session that the app has loaded, and keeps the cookies that it sets', async t => {
    const store = new CookieStore({ keys, options: { secure: false } })
    const login = { store, name: 'login' }
    const panel = inspector({
      stores: { login: store },
      authorize: async (request, original) => {
        const session = await store.get(request, 'login')
        assert.equal(session, (original as { session?: unknown }).session)
        return session.owner === 'root'
      },
      onError: error => {
        throw error
      },
    })
    const app = express()
    app.use(expressSessions(login))
    app.get('/sign-in', (request, response) => {
      ;(request as unknown as { session: { login(owner: string): void } }).session.login('root')
      response.end()
    })
    app.use('/sessions', (_, response, next) => {
      response.setHeader('set-cookie', 'theme=dark')
      next()
    })
    app.use('/sessions', panel.node)
    const server = await listen(app)
    t.after(() => server.close())
    assert.equal((await fetch(`${server.origin}/sessions`)).status, 404)
    const signedIn = await fetch(`${server.origin}/sign-in`)
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] as string
    const response = await fetch(`${server.origin}/sessions/`, { headers: { cookie } })
    assert.equal(response.status, 200)
    const names = response.headers.getSetCookie().map(line => line.split('=', 1)[0])
    assert.deepEqual(names, ['theme', 'silverback-inspector'])
  })

  test('reads no body before the request is authorized', async t => {
    const panel = inspector({
      stores: { login: new ServerStore(memory()) },
      authorize: () => false,
    })
    const server = await listen((request, response) => void panel.node(request, response))
    t.after(() => server.close())
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        sent += 65_536
        if (sent > 2 ** 24) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
        await new Promise(resolve => setTimeout(resolve, 1))
      },
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    assert.equal((await fetch(server.origin, init)).status, 404)
  })

  test('is on the origin that proxies report', async t => {
    let url = ''
    const panel = inspector({
      stores: { login: new ServerStore(memory()) },
      trustProxy: 1,
      authorize: request => {
        url = request.url
        return true
      },
    })
    const server = await listen((request, response) => void panel.node(request, response))
    t.after(() => server.close())
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example' }
    const response = await fetch(`${server.origin}/a/b?view=sessions`, { headers })
    assert.equal(url, 'https://app.example/a/b?view=sessions')
    assert.match(response.headers.getSetCookie()[0] as string, /^__Host-.*; Secure/)
  })
})
