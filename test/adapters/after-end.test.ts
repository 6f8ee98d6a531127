/** After a held `end`, a response behaves as after a real one: the first response arrives complete. */

import assert from 'node:assert/strict'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import connect from 'connect'
import express from 'express'
// @ts-expect-error No types are installed under this name.
import express4 from 'express4'
import { sessions } from 'silverback/express'
import expressSession from 'silverback/express-session'
import { sessions as nodeSessions } from 'silverback/node'
import { backendThat, cookieStore, serverStore, sleep } from '../../src/testing/adapters/stores.ts'
import { exchange } from '../support/http/exchange.ts'
import { listen } from './apps/node-http.ts'
import type { Middleware } from './apps/response-middleware.ts'

class SlowStore extends expressSession.MemoryStore {
  override set(...args: Parameters<InstanceType<typeof expressSession.MemoryStore>['set']>): void {
    setTimeout(() => super.set(...args), 5)
  }
}
const secret = 'a secret of more than thirty-two bytes'
const options = { secret, resave: false, saveUninitialized: true }

const kinds: Readonly<Record<string, () => Middleware>> = {
  CookieStore: () => sessions({ store: cookieStore(), name: 'sid' }) as Middleware,
  'a slow ServerStore': () =>
    sessions({
      store: serverStore(backendThat(() => sleep(5))),
      name: 'sid',
    }) as Middleware,
  'express-session': () => expressSession(options) as Middleware,
  'express-session with a slow store': () =>
    expressSession({ ...options, store: new SlowStore() }) as Middleware,
}

type Session = { increment?: (key: string) => unknown; n?: number }

function visit(request: { session?: Session }): void {
  if (request.session?.increment) request.session.increment('n')
  else if (request.session) request.session.n = 1
}

const late = 'a second body that is much longer than the first one'

/** Two responses to one request. */
const twice: Readonly<Record<string, [respond: (r: express.Response) => void, body: string]>> = {
  'send twice': [r => void r.send('first').send(late), 'first'],
  'json twice': [r => void r.json({ first: 1 }).json({ late }), '{"first":1}'],
  'redirect and send': [r => [r.redirect('/elsewhere'), r.send(late)], 'Found'],
  'send and setHeader': [r => void r.send('first').setHeader('X-Late', 'yes'), 'first'],
}

for (const [framework, make] of Object.entries({ 'Express 5': express, 'Express 4': express4 })) {
  for (const [kind, middleware] of Object.entries(kinds)) {
    suite(`${framework}, ${kind}`, () => {
      for (const handler of ['the default error handler', 'an error handler']) {
        for (const [name, [respond, body]] of Object.entries(twice)) {
          test(`${name}, with ${handler}`, async () => {
            const codes: unknown[] = []
            const app = (make as typeof express)()
            app.set('env', 'test')
            app.use(middleware())
            app.get('/', (request, response) => {
              visit(request as never)
              respond(response)
            })
            app.use(((error, _request, _response, next) => {
              codes.push(error.code)
              if (handler === 'the default error handler') next(error)
            }) as express.ErrorRequestHandler)
            const { origin, close } = await listen(app)
            try {
              const page = await exchange(origin)
              assert.ok(page.body.toString().startsWith(body), page.body.toString())
              assert.equal(page.body.length, Number(page.headers['content-length']))
              assert.equal(page.headers['x-late'], undefined)
              assert.equal(page.headers['set-cookie']?.length, 1)
              assert.deepEqual(codes, ['ERR_HTTP_HEADERS_SENT'])
              assert.notEqual((await exchange(origin)).status, 500)
            } finally {
              await close()
            }
          })
        }
      }
    })
  }
}

/** Calls of Node's own methods after the first end. */
const calls: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'end twice': response => void response.end('x').end('x'),
  'end twice without a body': response => void response.end('x').end(),
  'write after end': response => void response.end('x').write(late),
  'a callback of a second end': response => void response.end('x').end(() => {}),
  'flushHeaders after end': response => response.end('x').flushHeaders(),
  'destroy of the socket by an error page': response => {
    response.end('x')
    assert.throws(() => response.setHeader('X-Late', 'yes'), { code: 'ERR_HTTP_HEADERS_SENT' })
    assert.throws(() => response.writeHead(500), { code: 'ERR_HTTP_HEADERS_SENT' })
  },
}

function nodeApp(kind: string, respond: (response: ServerResponse) => void): RequestListener {
  const store = kind === 'CookieStore' ? cookieStore() : serverStore(backendThat(() => sleep(5)))
  const listener = nodeSessions({ store, name: 'sid' }, (request, response) => {
    response.on('error', () => {})
    visit(request as never)
    respond(response)
  })
  return (request, response) => void listener(request, response)
}

function connectApp(kind: string, respond: (response: ServerResponse) => void): RequestListener {
  const app = connect()
  app.use((kinds[kind] as () => Middleware)() as never)
  app.use((request, response) => {
    response.on('error', () => {})
    visit(request as never)
    respond(response)
  })
  return app as RequestListener
}

for (const [framework, make] of Object.entries({ 'node:http': nodeApp, Connect: connectApp })) {
  for (const kind of framework === 'Connect'
    ? Object.keys(kinds)
    : Object.keys(kinds).slice(0, 2)) {
    suite(`${framework}, ${kind}`, () => {
      for (const [name, respond] of Object.entries(calls)) {
        test(name, async () => {
          const { origin, close } = await listen(createServer(make(kind, respond)))
          try {
            const page = await exchange(origin)
            assert.deepEqual([page.status, page.body.toString()], [200, 'x'])
            assert.equal(page.headers['x-late'], undefined)
            assert.equal((await exchange(origin)).status, 200)
          } finally {
            await close()
          }
        })
      }
    })
  }
}
