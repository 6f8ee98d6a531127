/** Tests of the types of `silverback/testing` for apps. Compiled, never run. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Express } from 'express'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Hono } from 'hono'
import type { BrowserContext, BrowserContextOptions } from 'playwright-core'
import { CookieStore, defineSession, type Session } from 'silverback'
import { sessions } from 'silverback/next'
import {
  CookieJar,
  fakeClock,
  loginAs,
  type ReadSessionResult,
  readSession,
  sessionCookie,
} from 'silverback/testing'
import request from 'supertest'
import { z } from 'zod'

type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expect<_Holds extends true>(): void {}

interface Login {
  cart: string[]
  visits: number
}
const store = new CookieStore({ keys: ['text'], now: fakeClock(new Date(0)).now })
const login = defineSession<Login>(store, 'login')
const settings = defineSession(store, 'settings', {
  schema: z.object({ theme: z.enum(['dark', 'light']), visits: z.number().default(0) }),
})

// Values have the type of the definition. All may be left out.
await sessionCookie(login)
await sessionCookie(login, { cart: ['tea'] }, { owner: 'ann' })
await sessionCookie(settings, { theme: 'dark' })
await sessionCookie({ store, name: 'sid' }, { anything: 1 })
await loginAs(login, 'ann', { visits: 1 }, { authenticatedAt: new Date() })
await loginAs(login, 'ann', {}, { change: session => session.increment('visits') })
// @ts-expect-error no such key
await sessionCookie(login, { basket: [] })
// @ts-expect-error a number
await loginAs(login, 'ann', { visits: 'one' })
// @ts-expect-error not a theme
await sessionCookie(settings, { theme: 'blue' })
// @ts-expect-error an owner is a string
await loginAs(login, 5)
// @ts-expect-error loginAs has an owner already
await loginAs(login, 'ann', {}, { owner: 'bob' })

// Responses of every client.
declare const app: Express
declare const server: FastifyInstance
declare const hono: Hono
declare const nodeRequest: IncomingMessage
declare const nodeResponse: ServerResponse
const result = await readSession(login, new Response())
expect<Equals<typeof result, ReadSessionResult<Session<Partial<Login>>>>>()
expect<Equals<NonNullable<typeof result.session>['values'], Partial<Login>>>()
await readSession(login, new Headers())
await readSession(login, await request(app).get('/'))
await readSession(login, await server.inject('/'))
await readSession(login, nodeRequest.headers)
await readSession(login, nodeResponse)
// @ts-expect-error not a response
await readSession(login, 'login=x')

const jar = new CookieJar({ fetch: hono.fetch, origin: 'http://localhost:3000' })
jar.add(await loginAs(login, 'ann')).receive(new Response())
const fetchLike: typeof fetch = jar.fetch
await fetchLike('/')
await request.agent(app).use(jar.superagent).get('/')
await request(app).get('/').use(jar.superagent)
const injected = await jar.inject(server, { method: 'POST', url: '/', payload: { user: 'ann' } })
expect<Equals<typeof injected, LightMyRequestResponse>>()
expect<Equals<Awaited<ReturnType<typeof server.inject>>, LightMyRequestResponse>>()
sessions(login, { cookies: async () => jar.cookies() })
const options: BrowserContextOptions = { storageState: jar.storageState() }
declare const context: BrowserContext
await context.addCookies(jar.storageState().cookies)
// @ts-expect-error not an option
new CookieJar({ url: 'http://localhost' })

export { options }
