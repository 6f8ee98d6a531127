/** Handlers have typed sessions without casts. This file is compiled and never run. */

import { createServer } from 'node:http'
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import connect from 'connect'
import { Elysia } from 'elysia'
import express from 'express'
import fastify from 'fastify'
import { H3 } from 'h3'
import { createApp } from 'h3v1'
import { Hono } from 'hono'
import Koa from 'koa'
import {
  CookieStore,
  defineSession,
  type Session,
  type SessionOf,
  type SessionSource,
  type Values,
} from 'silverback'
import { sessions as connectSessions } from 'silverback/connect'
import { sessions as elysiaSessions } from 'silverback/elysia'
import { sessions as expressSessions } from 'silverback/express'
import { sessions as fastifySessions } from 'silverback/fastify'
import { sessions as h3Sessions } from 'silverback/h3'
import { sessions as h3v1Sessions } from 'silverback/h3v1'
import { sessions as honoSessions } from 'silverback/hono'
import { sessions as koaSessions } from 'silverback/koa'
import { sessions as nodeSessions } from 'silverback/node'
import { sessions as webSessions } from 'silverback/web'

type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expect<_Holds extends true>(): void {}

interface Checked {
  userId: number
}
type Login = Partial<Checked>
const store = new CookieStore({ keys: ['text'] })
const login = defineSession<Checked>(store, 'login')
const theme = { store, name: 'theme' }

// Sources and the types of their sessions.
expect<Equals<SessionOf<typeof login>, Session<Login>>>()
expect<Equals<SessionOf<typeof theme>, Session<Values>>>()
expect<Equals<SessionOf<SessionSource<Login>>, Session<Login>>>()

createServer(
  nodeSessions(login, async (request, response, session) => {
    expect<Equals<typeof session, Session<Login>>>()
    response.end(request.url)
  }),
)
createServer(
  nodeSessions({ login, theme }, (_request, response, { login, theme }) => {
    expect<Equals<typeof login, Session<Login>>>()
    expect<Equals<typeof theme, Session<Values>>>()
    response.end()
  }),
)
createHttp2Server(
  nodeSessions(login, (_: Http2ServerRequest, response: Http2ServerResponse, session) => {
    expect<Equals<typeof session, Session<Login>>>()
    response.end()
  }),
)
// @ts-expect-error A store is not a source.
nodeSessions(store, () => {})
// @ts-expect-error A store among several sources is not a source either.
expressSessions({ login, store })

const fetch = webSessions(login, (request, session, env: { limit: number }) => {
  expect<Equals<typeof session, Session<Login>>>()
  return new Response(`${request.url} ${env.limit}`)
})
expect<Equals<typeof fetch, (request: Request, env: { limit: number }) => Promise<Response>>>()

express().use(expressSessions(login)).use('/admin', expressSessions({ login }))
connect().use(connectSessions(login))

fastify().register(fastifySessions(login, { saveOnError: 'discard' }))

new Koa().use(koaSessions(login)).use(ctx => {
  expect<Equals<typeof ctx.session, Session<Login>>>()
  ctx.body = ctx.path
})

new Hono()
  .use(honoSessions(login))
  .use(honoSessions({ theme }))
  .get('/', c => {
    expect<Equals<typeof c.var.session, Session<Login>>>()
    expect<Equals<typeof c.var.sessions.theme, Session<Values>>>()
    return c.text(String(c.get('session').values.userId))
  })

new Elysia().use(elysiaSessions(login)).get('/', ({ session, request }) => {
  expect<Equals<typeof session, Session<Login>>>()
  return request.url
})
new Elysia().use(elysiaSessions({ login, theme })).get('/', ({ sessions }) => {
  expect<Equals<typeof sessions.login, Session<Login>>>()
  return 'ok'
})

// With the option `lazy`, handlers receive no session.
createServer(
  nodeSessions(
    login,
    async (request, response, ...rest) => {
      expect<Equals<typeof rest, []>>()
      const session = await login.get(request)
      expect<Equals<typeof session, Session<Login>>>()
      response.end()
    },
    { lazy: true, onError: error => console.error(error) },
  ),
)
const lazyFetch = webSessions(login, (_request, env: { limit: number }) => Response.json(env), {
  lazy: true,
})
expect<Equals<typeof lazyFetch, (request: Request, env: { limit: number }) => Promise<Response>>>()
new Hono().use(honoSessions(login, { lazy: true })).get('/', c => {
  // @ts-expect-error It is not set.
  return c.text(String(c.var.session))
})
new Elysia().use(elysiaSessions(login, { lazy: true })).get('/', context => {
  // @ts-expect-error It is not set.
  return context.session
})

new H3().use(h3Sessions(login))
createApp().use(h3v1Sessions({ login }))
