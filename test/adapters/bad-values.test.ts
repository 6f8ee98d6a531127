/** Invalid session data fails its own request and no other. */

import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import connect from 'connect'
import express from 'express'
import { CookieStore, defineSession, ServerStore } from 'silverback'
import { sessions as connectSessions } from 'silverback/connect'
import { sessions as expressSessions } from 'silverback/express'
import compatible from 'silverback/express-session'
import { memory } from 'silverback/memory'
import { sessions as nodeSessions } from 'silverback/node'
import { keys } from '../support/keys.ts'

// biome-ignore lint/suspicious/noExplicitAny: the mistakes here are those that types prevent
type Loose = any
type Act = (session: Loose, request: Loose, response: Loose) => void

const circular = (): object => {
  const object: Record<string, unknown> = {}
  object.self = object
  return object
}
const nested = (): unknown => JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)
const end = (response: Loose): void => response.end('ok')

async function visit(context: TestContext, listener: RequestListener): Promise<number[]> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const statuses: number[] = []
  for (const path of ['/', '/fine']) statuses.push((await fetch(origin + path)).status)
  // Errors thrown after the response would end the process now.
  await new Promise(resolve => setTimeout(resolve, 20))
  return statuses
}

suite('silverback/express-session', () => {
  const acts: Record<string, { act: Act; status: number }> = {
    'a BigInt': { act: session => (session.id_ = 123n), status: 500 },
    'a circular object': { act: session => (session.a = circular()), status: 500 },
    '20,000 nested arrays': { act: session => (session.body = nested()), status: 500 },
    'a getter that throws': {
      act: session =>
        Object.defineProperty(session, 'a', {
          enumerable: true,
          get() {
            throw new Error('lazy')
          },
        }),
      status: 500,
    },
    'a removed cookie': {
      act: session => Object.assign(session, { a: 1, cookie: null }),
      status: 500,
    },
  }
  for (const [name, { act, status }] of Object.entries(acts)) {
    for (const send of ['send', 'end', 'redirect', 'write'] as const) {
      test(`responds with ${status} for ${name}, then ${send}, and serves the next request`, async context => {
        const app = express()
        app.use(compatible({ secret: 'x1y2'.repeat(10), resave: false, saveUninitialized: false }))
        app.get('/', (request: Loose, response) => {
          act(request.session, request, response)
          if (send === 'redirect') response.redirect('/elsewhere')
          else if (send === 'write') response.write('part')
          else response[send]('ok')
        })
        app.get('/fine', (_, response) => void response.send('fine'))
        app.use(((_error, _request, response, next) => {
          if (response.headersSent) next(_error)
          else response.status(500).send('handled')
        }) as express.ErrorRequestHandler)
        assert.deepEqual(await visit(context, app), [status, 200])
      })
    }
  }

  const later: Record<string, { act: Act; status: number }> = {
    'an error passed to save(callback)': {
      act: (session, _, response) => {
        session.a = 1n
        session.save((error: unknown) => response.status(error ? 503 : 200).end())
      },
      status: 503,
    },
    'a BigInt after the response': {
      act: (session, _, response) => {
        session.a = 1
        response.send('ok')
        session.late = 1n
      },
      status: 200,
    },
    'a BigInt long after the response': {
      act: (session, _, response) => {
        session.a = 1
        response.on('finish', () => {
          session.late = 1n
        })
        response.send('ok')
      },
      status: 200,
    },
  }
  for (const [name, { act, status }] of Object.entries(later)) {
    test(`responds with ${status} for ${name}, and serves the next request`, async context => {
      const app = express()
      app.use(compatible({ secret: 'x1y2'.repeat(10), resave: false, saveUninitialized: false }))
      app.get('/', (request: Loose, response) => act(request.session, request, response))
      app.get('/fine', (_, response) => void response.send('fine'))
      app.use(((_error, _request, response, next) => {
        // The callback has responded, and then saving the session fails again.
        if (response.headersSent) next(_error)
        else response.status(503).send('handled')
      }) as express.ErrorRequestHandler)
      assert.deepEqual(await visit(context, app), [status, 200])
    })
  }
})

const sources = {
  'a cookie store': () => defineSession(new CookieStore({ keys }), 'login'),
  'a server store': () => defineSession(new ServerStore(memory()), 'login'),
}
const mistakes: Record<string, Act> = {
  'values = null': session => (session.values = null),
  'options = undefined': session => (session.options = undefined),
  'a function': session => (session.values.act = () => {}),
  'a circular class instance': session => (session.values.a = new (class A {})()),
  'a getter that throws': session =>
    Object.defineProperty(session.values, 'a', {
      enumerable: true,
      get() {
        throw new Error('lazy')
      },
    }),
  '20,000 nested arrays': session => (session.values.body = nested()),
  'an invalid cookie attribute': session => {
    session.values.a = 1
    session.options.path = 'a;b'
  },
}

for (const [kind, source] of Object.entries(sources)) {
  for (const [mistake, act] of Object.entries(mistakes)) {
    const middleware: Record<string, (handler: Act) => RequestListener> = {
      express: handler => {
        const app = express().use(expressSessions(source()))
        app.get('/', (request: Loose, response) => handler(request.session, request, response))
        app.get('/fine', (_, response) => void response.send('fine'))
        app.use(((_error, _request, response, _next) => {
          response.status(500).send('handled')
        }) as express.ErrorRequestHandler)
        return app
      },
      connect: handler => {
        const app = connect().use(connectSessions(source()) as never)
        app.use('/fine', (_, response) => response.end('fine'))
        app.use('/', (request: Loose, response) => handler(request.session, request, response))
        app.use(((_error: unknown, _request: unknown, response: Loose, _next: unknown) => {
          response.statusCode = 500
          response.end('handled')
        }) as never)
        return app
      },
      node: handler =>
        nodeSessions(
          source(),
          (request: Loose, response: Loose, session: Loose) => {
            if (request.url === '/fine') response.end('fine')
            else handler(session, request, response)
          },
          { onError: () => {} },
        ) as RequestListener,
    }
    for (const [framework, appOf] of Object.entries(middleware)) {
      test(`${framework} with ${kind} responds with 500 for ${mistake}, and serves the next request`, async context => {
        const app = appOf((session, request, response) => {
          act(session, request, response)
          end(response)
        })
        assert.deepEqual(await visit(context, app), [500, 200])
      })
    }
  }
}

suite('a second response', () => {
  const twice: Record<string, (response: Loose) => void> = {
    'send and send': response => response.send('one').send('two'),
    'json and json': response => response.json({}).json({}),
    'redirect and send': response => {
      response.redirect('/elsewhere')
      response.send('two')
    },
    'end and end': response => {
      response.end('one')
      response.end('two')
    },
  }
  const changed = (session: Loose): void => {
    session.values.visits = 1
  }
  for (const [name, respond] of Object.entries(twice)) {
    test(`${name}: sends the first one and serves the next request`, async context => {
      const errors: unknown[] = []
      const app = express().use(expressSessions(defineSession(new ServerStore(memory()), 'login')))
      app.get('/', (request: Loose, response) => {
        changed(request.session)
        respond(response)
      })
      app.get(['/fine', '/elsewhere'], (_, response) => void response.send('fine'))
      app.use(((error, _request, response, next) => {
        errors.push(error.code)
        if (!response.headersSent) next(error)
      }) as express.ErrorRequestHandler)
      assert.deepEqual(await visit(context, app), [200, 200])
      assert.deepEqual(errors, name === 'end and end' ? [] : ['ERR_HTTP_HEADERS_SENT'])
    })
  }
})
