/** The documented behaviour of express-session, and undocumented behaviour that apps rely on. */

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { Page } from '../../src/testing/adapters/browser.ts'
import { until } from '../support/until.ts'
import {
  finish,
  gate,
  type Handler,
  type Kit,
  type Library,
  type Middleware,
  type Request,
  type Session,
  type Store,
} from './apps.ts'
import type { DifferenceId } from './differences.ts'

export interface Case {
  readonly name: string
  /** Visits the app and returns what the visitor observed. */
  run(kit: Kit): Promise<unknown>
  /** The expected result for both libraries; for ours only if `theirs` is set. */
  readonly expected: unknown
  /** The expected result for express-session, and the documented reason for the difference. */
  readonly theirs?: { readonly expected: unknown; readonly because: DifferenceId }
}

const views = {
  '/': (request: Request, response: { end(text: string): void }) => {
    request.session.views = (request.session.views ?? 0) + 1
    response.end(String(request.session.views))
  },
  '/read': (request: Request, response: { end(text: string): void }) => {
    const { cookie: _, ...values } = request.session
    response.end(JSON.stringify(values))
  },
  '/id': (request: Request, response: { end(text: string): void }) => {
    response.end(request.sessionID)
  },
}

const texts = (pages: readonly Page[]): string[] => pages.map(page => page.text)
const cookieCounts = (pages: readonly Page[]): number[] => pages.map(page => page.cookies.length)
const lineOf = (page: Page): string => page.cookies[0] ?? ''

/** The attributes of the cookie, without the value of Expires. */
const attributes = (page: Page): string[] =>
  lineOf(page)
    .split('; ')
    .slice(1)
    .map(attribute => attribute.replace(/^Expires=.*/, 'Expires'))
    .sort()

/** Seconds until the cookie expires. */
const secondsLeft = (page: Page): number => {
  const expires = /Expires=([^;]+)/.exec(lineOf(page))?.[1]
  return expires ? Math.round((Date.parse(expires) - Date.now()) / 1000) : 0
}

function sign(id: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
  return encodeURIComponent(`s:${id}.${signature}`)
}

/** A store of which one method fails. */
function failing(session: Library, method: 'set' | 'touch' | 'destroy'): Store {
  const fail = (...args: unknown[]): void => {
    const callback = args.at(-1)
    if (typeof callback === 'function') callback(new Error('disk full'))
  }
  return Object.assign(new session.MemoryStore(), { [method]: fail })
}

/** A memory store that records its calls. */
function spy(session: Library): Store & { calls: string[] } {
  class Spy extends session.MemoryStore {
    readonly calls: string[] = []
    override get(...args: Parameters<Store['get']>): void {
      this.calls.push('get')
      super.get(...args)
    }
    override set(...args: Parameters<Store['set']>): void {
      this.calls.push('set')
      super.set(...args)
    }
    override touch(...args: Parameters<Store['touch']>): void {
      this.calls.push('touch')
      super.touch(...args)
    }
    override destroy(...args: Parameters<Store['destroy']>): void {
      this.calls.push('destroy')
      super.destroy(...args)
    }
  }
  return new Spy()
}

/** Middleware that adds properties to the request, as cookie-parser does. */
const adding =
  (properties: object): Middleware =>
  (request, _response, next) => {
    Object.assign(request, properties)
    next()
  }

const login: Handler = (request, response) => {
  request.session.regenerate(() => {
    request.session.user = 'ann'
    response.end('signed in')
  })
}

const count = (calls: readonly string[], name: string): number =>
  calls.filter(call => call === name).length

/** The name of the error that the constructor throws, or `accepted`. */
function outcomeOf(session: Library, options: object): string {
  try {
    session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, ...options })
    return 'accepted'
  } catch (error) {
    return (error as Error).name
  }
}

export const cases: readonly Case[] = [
  {
    name: 'counts the visits of each visitor',
    async run({ serve }) {
      const visitor = await serve({}, views)
      const [ann, bob] = [visitor(), visitor()]
      return [await ann.get('/'), await ann.get('/'), await bob.get('/')].map(page => page.text)
    },
    expected: ['1', '2', '1'],
  },
  {
    name: 'signs the id in a cookie called connect.sid',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      const page = await ann.get('/')
      const id = (await ann.get('/id')).text
      return [
        lineOf(page).split(';')[0] === `connect.sid=${sign(id, 'keyboard cat')}`,
        attributes(page),
      ]
    },
    expected: [true, ['HttpOnly', 'Path=/']],
  },
  {
    name: 'uses the configured cookie name',
    async run({ serve }) {
      const ann = (await serve({ name: 'app.sid' }, views))()
      return [lineOf(await ann.get('/')).startsWith('app.sid=s%3A'), (await ann.get('/')).text]
    },
    expected: [true, '2'],
  },
  {
    name: 'accepts key, the former name of the option name, which takes precedence',
    async run({ serve }) {
      const names: (string | undefined)[] = []
      for (const options of [{ key: 'old.sid' }, { key: 'old.sid', name: 'app.sid' }]) {
        names.push(lineOf(await (await serve(options, views))().get('/')).split('=')[0])
      }
      return names
    },
    expected: ['old.sid', 'app.sid'],
  },
  {
    name: 'sets the cookie once',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/'), await ann.get('/read')])
    },
    expected: [1, 0, 0],
  },
  {
    name: 'reads the sessions and cookies of the other library',
    async run({ serve, session }) {
      // Store a session in the format that both libraries use, and sign its id as the other one does.
      const store = new session.MemoryStore()
      const ann = (await serve({ store }, views))()
      await new Promise<void>(resolve =>
        store.set('an-id', { cookie: { originalMaxAge: null, expires: null }, views: 41 }, () =>
          resolve(),
        ),
      )
      ann.jar.set('connect.sid', sign('an-id', 'keyboard cat'))
      return texts([await ann.get('/'), await ann.get('/id')])
    },
    expected: ['42', 'an-id'],
  },
  {
    name: 'verifies with every secret of a list and signs with the first',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const before = (await serve({ store, secret: 'old' }, views))()
      await before.get('/')
      const after = (await serve({ store, secret: ['new', 'old'] }, views))()
      after.jar.set('connect.sid', before.jar.get('connect.sid') as string)
      const page = await after.get('/')
      const fresh = (await serve({ store, secret: ['new', 'old'] }, views))()
      const line = lineOf(await fresh.get('/'))
      const id = (await fresh.get('/id')).text
      return [page.text, line.startsWith(`connect.sid=${sign(id, 'new')}`)]
    },
    expected: ['2', true],
  },
  {
    name: 'accepts a Buffer as a secret',
    async run({ serve }) {
      const ann = (await serve({ secret: Buffer.from('keyboard cat') }, views))()
      await ann.get('/')
      const id = (await ann.get('/id')).text
      return ann.jar.get('connect.sid') === sign(id, 'keyboard cat')
    },
    expected: true,
  },
  {
    name: 'signs with request.secret if it has no secret of its own',
    async run({ serve }) {
      const before = [adding({ secret: 'of cookie-parser' })]
      const ann = (await serve({ secret: undefined }, views, { before }))()
      await ann.get('/')
      const id = (await ann.get('/id')).text
      return [
        ann.jar.get('connect.sid') === sign(id, 'of cookie-parser'),
        (await ann.get('/')).text,
      ]
    },
    expected: [true, '2'],
  },
  {
    name: 'prefers its own secret to request.secret',
    async run({ serve }) {
      const ann = (await serve({}, views, { before: [adding({ secret: 'another' })] }))()
      await ann.get('/')
      return ann.jar.get('connect.sid') === sign((await ann.get('/id')).text, 'keyboard cat')
    },
    expected: true,
  },
  {
    name: 'passes an error to the error handlers if a request has no secret',
    run: async ({ serve }) => (await (await serve({ secret: undefined }, views))().get('/')).text,
    expected: 'failed: secret option required for sessions',
  },
  {
    name: 'accepts a cookie value in quotes',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      await ann.get('/')
      const cookie = `connect.sid="${ann.jar.get('connect.sid')}"`
      ann.jar.clear()
      return (await ann.get('/', { headers: { cookie } })).text
    },
    expected: '2',
  },
  {
    name: 'ignores a cookie without a valid signature',
    async run({ serve }) {
      const visitor = await serve({}, views)
      const ids: boolean[] = []
      for (const value of ['an-id', 's%3Aan-id.bad', sign('an-id', 'another'), '%', 's%3A', '']) {
        const ann = visitor()
        ann.jar.set('connect.sid', value)
        ids.push((await ann.get('/id')).text === 'an-id')
        ids.push((await ann.get('/')).text !== '1')
      }
      return ids.includes(true)
    },
    expected: false,
  },
  {
    name: 'replaces a signed id that has no session',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      ann.jar.set('connect.sid', sign('planted', 'keyboard cat'))
      const page = await ann.get('/')
      return [page.text, page.cookies.length, (await ann.get('/id')).text === 'planted']
    },
    expected: ['1', 1, false],
  },
  {
    name: 'does not read from the store for a new session or after regenerate()',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store }, { ...views, '/login': login }))()
      await ann.get('/')
      const calls = [count(store.calls, 'get')]
      store.calls.length = 0
      await ann.get('/login')
      // One for the session of the cookie.
      return [...calls, count(store.calls, 'get')]
    },
    expected: [0, 1],
  },
  {
    name: 'serves new visitors from a store that throws for unknown ids',
    async run({ serve, session }) {
      class Strict extends session.MemoryStore {
        readonly known = new Set<string>()
        override get(...args: Parameters<Store['get']>): void {
          if (!this.known.has(args[0])) throw new Error('unknown id')
          super.get(...args)
        }
        override set(...args: Parameters<Store['set']>): void {
          this.known.add(args[0])
          super.set(...args)
        }
      }
      const ann = (await serve({ store: new Strict() }, { ...views, '/login': login }))()
      return texts([await ann.get('/'), await ann.get('/login'), await ann.get('/read')])
    },
    expected: ['1', 'signed in', '{"user":"ann"}'],
  },
  {
    name: 'serves new visitors from a store that never responds for unknown ids',
    async run({ serve, session }) {
      class Silent extends session.MemoryStore {
        override get(id: string, callback: Parameters<Store['get']>[1]): void {
          super.get(id, (error, found) => found && callback(error, found))
        }
      }
      const ann = (await serve({ store: new Silent() }, views))()
      return (await ann.get('/')).text
    },
    expected: '1',
  },
  {
    name: 'does not store an empty session',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store }, views))()
      const page = await ann.get('/read')
      return [page.cookies.length, count(store.calls, 'set')]
    },
    expected: [0, 0],
  },
  {
    name: 'stores empty sessions with saveUninitialized',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store, saveUninitialized: true }, views))()
      const page = await ann.get('/read')
      return [
        page.cookies.length,
        count(store.calls, 'set'),
        (await ann.get('/read')).cookies.length,
      ]
    },
    expected: [1, 1, 0],
  },
  {
    name: 'touches an unchanged session without writing it',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store }, views))()
      await ann.get('/')
      store.calls.length = 0
      await ann.get('/read')
      return [count(store.calls, 'set'), count(store.calls, 'touch')]
    },
    expected: [0, 1],
  },
  {
    name: 'writes an unchanged session with resave, and does not touch it',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store, resave: true }, views))()
      await ann.get('/')
      store.calls.length = 0
      await ann.get('/read')
      return [count(store.calls, 'set'), count(store.calls, 'touch')]
    },
    expected: [1, 0],
  },
  {
    name: 'does not save again after save()',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (
        await serve(
          { store },
          {
            '/': (request, response) => {
              request.session.user = 'ann'
              request.session.save(finish(response))
            },
          },
        )
      )()
      const page = await ann.get('/')
      return [page.text, page.cookies.length, count(store.calls, 'set')]
    },
    expected: ['done', 1, 1],
  },
  {
    name: 'saves changes made after save()',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/twice': (request, response) => {
              request.session.one = 1
              request.session.save(error => {
                request.session.two = 2
                finish(response)(error)
              })
            },
          },
        )
      )()
      await ann.get('/twice')
      return (await ann.get('/read')).text
    },
    expected: '{"one":1,"two":2}',
  },
  {
    name: 'sets the cookie of an empty session after save()',
    async run({ serve }) {
      const ann = (
        await serve({}, { '/': (request, response) => request.session.save(finish(response)) })
      )()
      return (await ann.get('/')).cookies.length
    },
    expected: 1,
    theirs: { expected: 0, because: 'saved-empty' },
  },
  {
    name: 'removes a deleted value',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/set': (request, response) => {
              Object.assign(request.session, { one: 1, two: { three: [4] } })
              response.end()
            },
            '/delete': (request, response) => {
              delete request.session.one
              response.end()
            },
          },
        )
      )()
      await ann.get('/set')
      await ann.get('/delete')
      return (await ann.get('/read')).text
    },
    expected: '{"two":{"three":[4]}}',
  },
  {
    name: 'detects a change to a nested object',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/set': (request, response) => {
              request.session.cart = { items: [] }
              response.end()
            },
            '/add': (request, response) => {
              request.session.cart.items.push('pear')
              response.end()
            },
          },
        )
      )()
      await ann.get('/set')
      await ann.get('/add')
      return (await ann.get('/read')).text
    },
    expected: '{"cart":{"items":["pear"]}}',
  },
  {
    name: 'stores values as JSON, so that a Date comes back as a string',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/set': (request, response) => {
              Object.assign(request.session, {
                at: new Date(0),
                nothing: undefined,
                map: new Map([[1, 2]]),
              })
              response.end()
            },
          },
        )
      )()
      await ann.get('/set')
      return (await ann.get('/read')).text
    },
    expected: '{"at":"1970-01-01T00:00:00.000Z","map":{}}',
  },
  {
    name: 'sets Expires from a maxAge in milliseconds',
    async run({ serve }) {
      const page = await (await serve({ cookie: { maxAge: 120_000 } }, views))().get('/')
      const left = secondsLeft(page)
      return [attributes(page), left > 60 && left <= 120]
    },
    expected: [['Expires', 'HttpOnly', 'Path=/'], true],
  },
  {
    name: 'sets the configured cookie attributes',
    async run({ serve }) {
      const cookie = {
        domain: 'example.com',
        path: '/',
        httpOnly: false,
        sameSite: 'lax',
        partitioned: true,
        priority: 'high',
      }
      return attributes(await (await serve({ cookie }, views))().get('/'))
    },
    expected: ['Domain=example.com', 'Partitioned', 'Path=/', 'Priority=High', 'SameSite=Lax'],
  },
  {
    name: 'sets SameSite=Strict for sameSite: true',
    run: async ({ serve }) =>
      attributes(await (await serve({ cookie: { sameSite: true } }, views))().get('/')),
    expected: ['HttpOnly', 'Path=/', 'SameSite=Strict'],
  },
  {
    name: 'renews the cookie when the session changes',
    async run({ serve }) {
      const ann = (await serve({ cookie: { maxAge: 60_000 } }, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/'), await ann.get('/read')])
    },
    expected: [1, 1, 0],
  },
  {
    name: 'sets the cookie on each response with rolling',
    async run({ serve }) {
      const ann = (await serve({ rolling: true, cookie: { maxAge: 60_000 } }, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/read'), await ann.get('/id')])
    },
    expected: [1, 1, 1],
  },
  {
    name: 'does not set the cookie of an empty session with rolling',
    run: async ({ serve }) =>
      (await (await serve({ rolling: true }, views))().get('/read')).cookies.length,
    expected: 0,
  },
  {
    name: 'calls a cookie function for each request',
    async run({ serve }) {
      const cookie = (request: Request) => ({ path: '/', httpOnly: request.url === '/' })
      const visitor = await serve({ cookie }, { ...views, '/other': views['/'] })
      return [attributes(await visitor().get('/')), attributes(await visitor().get('/other'))]
    },
    expected: [['HttpOnly', 'Path=/'], ['Path=/']],
  },
  {
    name: 'expires a session after its maxAge',
    async run({ serve }) {
      const ann = (await serve({ cookie: { maxAge: 60_000 } }, views))()
      const bob = (await serve({ cookie: { maxAge: 20 } }, views))()
      const pages = [await ann.get('/'), await ann.get('/'), await bob.get('/')]
      await new Promise(resolve => setTimeout(resolve, 40))
      return texts([...pages, await bob.get('/')])
    },
    expected: ['1', '2', '1', '1'],
  },
  {
    name: 'renews the session on each request',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const maxAge = 3_600_000
      const ann = (await serve({ store, cookie: { maxAge } }, views))()
      await ann.get('/')
      const { text: id } = await ann.get('/id')
      // As if it had not been used for most of the hour.
      const expires = new Date(Date.now() + 60_000)
      const old = { views: 1, cookie: { originalMaxAge: maxAge, expires } }
      await new Promise(resolve => store.set(id, old, resolve))
      await ann.get('/read')
      const kept = await new Promise<Session>(resolve =>
        store.get(id, (_, found) => resolve(found as Session)),
      )
      const left = new Date(kept.cookie.expires as Date).getTime() - Date.now()
      return [left > 3_000_000, (await ann.get('/')).text]
    },
    expected: [true, '2'],
  },
  {
    name: 'removes an expired session from the list of MemoryStore',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      await (await serve({ store, cookie: { maxAge: 20 } }, views))().get('/')
      await new Promise(resolve => setTimeout(resolve, 40))
      return new Promise(resolve => store.length((_, found) => resolve(found)))
    },
    expected: 0,
  },
  {
    name: 'stores the expiry that the cookie has, and moves it with each request',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (await serve({ store, cookie: { maxAge: 60_000 } }, views))()
      const began = Date.now()
      const page = await ann.get('/')
      const { text: id } = await ann.get('/id')
      const expiry = (): Promise<Date> =>
        new Promise(resolve =>
          store.get(id, (_, found) => resolve(new Date((found as Session).cookie.expires as Date))),
        )
      const stored = await expiry()
      const sent = Date.parse(/Expires=([^;]+)/.exec(lineOf(page))?.[1] as string)
      await new Promise(resolve => setTimeout(resolve, 30))
      await ann.get('/read')
      const moved = (await expiry()).getTime() - stored.getTime()
      // The request for the id, between the two, has moved the expiry as well.
      const elapsed = Date.now() - began
      return [Math.abs(stored.getTime() - sent) <= elapsed + 1000, moved >= 25 && moved <= elapsed]
    },
    expected: [true, true],
  },
  {
    name: 'reports cookie.maxAge, originalMaxAge and expires',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            '/': ({ session: { cookie } }, response) => {
              const { maxAge, originalMaxAge, expires } = cookie
              const isAge = (maxAge as number) > 30_000 && (maxAge as number) <= 60_000
              response.end(JSON.stringify([isAge, originalMaxAge, expires instanceof Date]))
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: '[true,60000,true]',
  },
  {
    name: 'reports no expiry for a cookie that lasts until the browser closes',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            '/': ({ session: { cookie } }, response) => {
              const { maxAge, originalMaxAge, expires } = cookie
              response.end(JSON.stringify([maxAge, originalMaxAge, expires]))
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: '[null,null,null]',
  },
  {
    name: 'applies a new cookie.maxAge to one session, with another change',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            ...views,
            '/remember': (request, response) => {
              request.session.remembered = true
              request.session.cookie.maxAge = 3_600_000
              response.end()
            },
          },
        )
      )()
      await ann.get('/')
      const page = await ann.get('/remember')
      return [secondsLeft(page) > 3000, secondsLeft(await ann.get('/')) > 3000]
    },
    expected: [true, true],
  },
  {
    name: 'applies a new cookie.maxAge to one session, without another change',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            ...views,
            '/remember': (request, response) => {
              request.session.cookie.maxAge = 3_600_000
              response.end()
            },
          },
        )
      )()
      await ann.get('/')
      return secondsLeft(await ann.get('/remember')) > 3000
    },
    expected: true,
    theirs: { expected: false, because: 'cookie-changes' },
  },
  {
    name: 'removes the expiry of a cookie with expires = false',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            '/': (request, response) => {
              request.session.user = 'ann'
              request.session.cookie.expires = false
              response.end()
            },
          },
        )
      )()
      return attributes(await ann.get('/'))
    },
    expected: ['HttpOnly', 'Path=/'],
  },
  {
    name: 'resets maxAge with resetMaxAge() and touch(), which return the session',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            '/': ({ session }, response) => {
              ;(session.cookie as { expires: Date }).expires.setTime(Date.now() + 1000)
              const before = session.cookie.maxAge as number
              const isSame = session.touch() === session && session.resetMaxAge() === session
              response.end(
                JSON.stringify([
                  before <= 1000,
                  isSame,
                  (session.cookie.maxAge as number) > 30_000,
                ]),
              )
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: '[true,true,true]',
  },
  {
    name: 'does not set a secure cookie over HTTP',
    run: async ({ serve }) =>
      (await (await serve({ cookie: { secure: true } }, views))().get('/')).cookies.length,
    expected: 0,
  },
  {
    name: 'trusts the first value of X-Forwarded-Proto with proxy: true',
    async run({ serve }) {
      const visitor = await serve({ proxy: true, cookie: { secure: true } }, views)
      const counts: number[] = []
      for (const protocol of ['https', 'HTTPS , http', 'http, https', '']) {
        const headers = { 'x-forwarded-proto': protocol }
        counts.push((await visitor().get('/', { headers })).cookies.length)
      }
      return counts
    },
    expected: [1, 1, 0, 0],
  },
  {
    name: 'ignores X-Forwarded-Proto with proxy: false',
    async run({ serve }) {
      const visitor = await serve({ proxy: false, cookie: { secure: true } }, views)
      return (await visitor().get('/', { headers: { 'x-forwarded-proto': 'https' } })).cookies
        .length
    },
    expected: 0,
  },
  {
    name: "resolves 'auto' attributes from the connection",
    async run({ serve }) {
      const visitor = await serve(
        { proxy: true, cookie: { secure: 'auto', sameSite: 'auto' } },
        views,
      )
      const headers = { 'x-forwarded-proto': 'https' }
      return [
        attributes(await visitor().get('/', { headers })),
        attributes(await visitor().get('/')),
      ]
    },
    expected: [
      ['HttpOnly', 'Path=/', 'SameSite=None', 'Secure'],
      ['HttpOnly', 'Path=/', 'SameSite=Lax'],
    ],
  },
  {
    name: "resolves 'auto' attributes that a function returns",
    async run({ serve }) {
      const visitor = await serve({ proxy: true, cookie: () => ({ secure: 'auto' }) }, views)
      return attributes(await visitor().get('/'))
    },
    expected: ['HttpOnly', 'Path=/'],
    theirs: { expected: [], because: 'auto-of-function' },
  },
  {
    name: 'has no session outside the path of the cookie',
    async run({ serve }) {
      const has = (request: Request, response: { end(text: string): void }): void =>
        response.end(String(request.session !== undefined))
      const visitor = await serve(
        { cookie: { path: '/admin' } },
        { '/admin': has, '/admin/users': has, '/': has, '/public': has },
      )
      const pages: Page[] = []
      for (const path of ['/admin', '/admin/users', '/admin?a=/', '/', '/public']) {
        pages.push(await visitor().get(path))
      }
      return texts(pages)
    },
    expected: ['true', 'true', 'true', 'false', 'false'],
  },
  {
    name: 'has no session for a path that only starts with the same characters',
    async run({ serve }) {
      const has = (request: Request, response: { end(text: string): void }): void =>
        response.end(String(request.session !== undefined))
      const visitor = await serve({ cookie: { path: '/admin' } }, { '/administrator': has })
      return (await visitor().get('/administrator')).text
    },
    expected: 'false',
    theirs: { expected: 'true', because: 'path-match' },
  },
  {
    name: 'uses the first of several cookies that has a valid signature',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      await ann.get('/')
      const value = ann.jar.get('connect.sid')
      ann.jar.clear()
      const headers = { cookie: `connect.sid=planted; connect.sid=${value}` }
      return (await ann.get('/', { headers })).text
    },
    expected: '2',
    theirs: { expected: '1', because: 'several-cookies' },
  },
  {
    name: 'makes ids with genid, which receives the request',
    async run({ serve }) {
      let made = 0
      const genid = (request: Request): string => `${request.url?.slice(1)} ${++made} é`
      const ann = (await serve({ genid }, views))()
      await ann.get('/')
      return [(await ann.get('/id')).text, (await ann.get('/')).text]
    },
    expected: [' 1 é', '2'],
  },
  {
    name: 'fails if genid returns no id',
    run: async ({ serve }) =>
      (await (await serve({ genid: () => undefined }, views))().get('/')).status,
    expected: 500,
    theirs: { expected: 200, because: 'genid' },
  },
  {
    name: 'fails if genid returns an existing id, so that visitors stay separate',
    async run({ serve }) {
      const visitor = await serve(
        { genid: () => 'the same' },
        {
          ...views,
          '/secret': (request, response) => {
            request.session.secret = 'of Ann'
            response.end()
          },
        },
      )
      const ann = visitor()
      await ann.get('/secret')
      const bob = visitor()
      await bob.get('/')
      return (await ann.get('/read')).text
    },
    expected: '{"secret":"of Ann"}',
    theirs: { expected: '{"views":1}', because: 'genid' },
  },
  {
    name: 'gives an empty session a new id with regenerate()',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/again': (request, response) => {
              const before = request.session
              request.session.regenerate(error => {
                const { id } = request.session
                const isNew =
                  before !== request.session && before.id !== id && id === request.sessionID
                response.end(JSON.stringify([error ?? null, isNew, request.session.views ?? null]))
              })
            },
          },
        )
      )()
      await ann.get('/')
      const old = ann.jar.get('connect.sid') as string
      const page = await ann.get('/again')
      const thief = ann.jar.get('connect.sid')
      ann.jar.set('connect.sid', old)
      return [page.text, thief !== old, (await ann.get('/')).text]
    },
    expected: ['[null,true,null]', true, '1'],
  },
  {
    name: 'saves values of a regenerated session under its new id',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/login': (request, response) => {
              request.session.regenerate(() => {
                request.session.user = 'ann'
                response.end()
              })
            },
          },
        )
      )()
      await ann.get('/')
      const before = ann.jar.get('connect.sid')
      const page = await ann.get('/login')
      return [
        page.cookies.length,
        ann.jar.get('connect.sid') !== before,
        (await ann.get('/read')).text,
      ]
    },
    expected: [1, true, '{"user":"ann"}'],
  },
  {
    name: 'keeps the values of the old session that are copied into a regenerated one',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/login': (request, response) => {
              const old = JSON.parse(JSON.stringify(request.session))
              request.session.regenerate(() => {
                Object.assign(request.session, old, { user: 'ann' })
                response.end('signed in')
              })
            },
          },
        )
      )()
      await ann.get('/')
      const page = await ann.get('/login')
      return [page.text, page.cookies.length, (await ann.get('/read')).text]
    },
    expected: ['signed in', 1, '{"views":1,"user":"ann"}'],
  },
  {
    name: 'reads the session again with reload() and discards changes',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/reload': (request, response) => {
              const before = request.session
              request.session.views = 100
              request.session.reload(error => {
                const { session } = request
                const isSame = session.id === before.id && session !== before
                response.end(JSON.stringify([error ?? null, isSame, session.views]))
              })
            },
          },
        )
      )()
      await ann.get('/')
      return texts([await ann.get('/reload'), await ann.get('/')])
    },
    expected: ['[null,true,1]', '2'],
  },
  {
    name: 'saves changes made after reload()',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/reload': (request, response) => {
              request.session.reload(() => {
                request.session.views++
                response.end()
              })
            },
          },
        )
      )()
      await ann.get('/')
      await ann.get('/reload')
      return (await ann.get('/')).text
    },
    expected: '3',
  },
  {
    name: 'fails to reload a session that is not stored',
    async run({ serve }) {
      const reload = (request: Request, response: { end(text: string): void }): void => {
        request.session.reload(error => response.end(String(error)))
      }
      return (await (await serve({}, { '/': reload }))().get('/')).text
    },
    expected: 'Error: failed to load session',
  },
  {
    name: 'destroys the session with destroy() and removes it from the request at once',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/logout': (request, response) => {
              request.session.destroy(error =>
                response.end(JSON.stringify([error ?? null, isGone])),
              )
              const isGone = request.session === undefined
            },
          },
        )
      )()
      await ann.get('/')
      const page = await ann.get('/logout')
      return [page.text, page.cookies.length, (await ann.get('/')).text]
    },
    expected: ['[null,true]', 0, '1'],
  },
  {
    name: 'returns the session from its methods',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            '/': ({ session }, response) => {
              const results = [
                session.save() === session,
                session.reload(() => {}) === session,
                session.regenerate(() => response.end(JSON.stringify(results))) === session,
              ]
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: '[true,true,true]',
    theirs: { expected: '[false,false,true]', because: 'return-values' },
  },
  {
    name: 'keeps the stored session when request.session is deleted, and discards its changes',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/unset': (request, response) => {
              request.session.views = 100
              Reflect.deleteProperty(request, 'session')
              response.end()
            },
          },
        )
      )()
      await ann.get('/')
      const page = await ann.get('/unset')
      return [page.cookies.length, (await ann.get('/')).text]
    },
    expected: [0, '2'],
  },
  {
    name: "destroys the session when request.session is set to null, with unset: 'destroy'",
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (
        await serve(
          { store, unset: 'destroy' },
          {
            ...views,
            '/unset': (request, response) => {
              Object.assign(request, { session: null })
              response.end()
            },
          },
        )
      )()
      await ann.get('/')
      await ann.get('/unset')
      return [count(store.calls, 'destroy'), (await ann.get('/')).text]
    },
    expected: [1, '1'],
  },
  {
    name: 'does not enumerate its methods and its request',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            '/': (request, response) => {
              const { session } = request
              session.user = 'ann'
              const seen: string[] = []
              for (const key in session) seen.push(key)
              const isRequest = (session as { req?: unknown }).req === request
              response.end(JSON.stringify([seen.sort(), Object.keys(session).sort(), isRequest]))
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: '[["cookie","user"],["cookie","user"],true]',
  },
  {
    name: 'does not allow the id to change',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            '/': ({ session, sessionID }, response) => {
              Reflect.set(session, 'id', 'another')
              response.end(String(session.id === sessionID))
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: 'true',
  },
  {
    name: 'keeps a method when a stored value has its name',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (
        await serve(
          { store },
          {
            '/': (request, response) => response.end(typeof request.session.save),
          },
        )
      )()
      const kept = { cookie: { originalMaxAge: null, expires: null }, save: 'a text' }
      await new Promise<void>(resolve => store.set('an-id', kept, () => resolve()))
      ann.jar.set('connect.sid', sign('an-id', 'keyboard cat'))
      return (await ann.get('/')).text
    },
    expected: 'function',
  },
  {
    name: 'does not save the session if request.sessionID is no string',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (
        await serve(
          { store, saveUninitialized: true },
          {
            '/': (request, response) => {
              Object.assign(request, { sessionID: () => {} })
              request.session.user = 'ann'
              response.end('done')
            },
          },
        )
      )()
      const page = await ann.get('/')
      return [page.text, page.cookies.length, count(store.calls, 'set')]
    },
    expected: ['done', 0, 0],
  },
  {
    name: 'loads the session for a request without a response, such as that of a WebSocket',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (await serve({ store }, views))()
      await ann.get('/')
      const load = session({
        secret: 'keyboard cat',
        resave: false,
        saveUninitialized: false,
        store,
      })
      const request = {
        url: '/socket',
        headers: { cookie: `connect.sid=${ann.jar.get('connect.sid')}` },
      } as unknown as Request
      await new Promise<void>((resolve, reject) =>
        load(request, {} as never, error => (error ? reject(error) : resolve())),
      )
      request.session.views++
      await new Promise(resolve => request.session.save(resolve))
      return (await ann.get('/')).text
    },
    expected: '3',
  },
  {
    name: 'leaves a request alone that already has a session',
    async run({ serve, session }) {
      const inner = session({
        secret: 'another',
        resave: false,
        saveUninitialized: true,
        name: 'inner',
      })
      const ann = (await serve({}, views, { after: [inner] }))()
      const page = await ann.get('/')
      return [page.cookies.length, (await ann.get('/')).text]
    },
    expected: [1, '2'],
  },
  {
    name: 'skips the session while the store is disconnected',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const has = (request: Request, response: { end(text: string): void }): void =>
        response.end(String(request.session !== undefined))
      const ann = (await serve({ store }, { '/': has }))()
      const texts = [(await ann.get('/')).text]
      store.emit('disconnect')
      texts.push((await ann.get('/')).text)
      store.emit('connect')
      texts.push((await ann.get('/')).text)
      return texts
    },
    expected: ['true', 'false', 'true'],
  },
  {
    name: 'passes the error of a failed load to the error handlers',
    async run({ serve, session }) {
      class Failing extends session.MemoryStore {
        override get(_: string, callback: (error: unknown) => void): void {
          callback(new Error('no connection'))
        }
      }
      const ann = (await serve({ store: new Failing() }, views))()
      ann.jar.set('connect.sid', sign('an-id', 'keyboard cat'))
      const page = await ann.get('/')
      return [page.status, page.text]
    },
    expected: [500, 'failed: no connection'],
  },
  {
    name: 'passes an error to the error handlers for a stored session without a cookie',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (await serve({ store }, views))()
      await new Promise(resolve => store.set('an-id', { user: 'ann' }, resolve))
      ann.jar.set('connect.sid', sign('an-id', 'keyboard cat'))
      const page = await ann.get('/')
      return [page.status, page.text.slice(0, 'failed: Cannot read properties'.length)]
    },
    expected: [500, 'failed: Cannot read properties'],
  },
  {
    name: 'treats ENOENT as a session that is not stored',
    async run({ serve, session }) {
      class OfFiles extends session.MemoryStore {
        override get(_: string, callback: (error: unknown) => void): void {
          callback(Object.assign(new Error('no such file'), { code: 'ENOENT' }))
        }
      }
      const ann = (await serve({ store: new OfFiles() }, views))()
      ann.jar.set('connect.sid', sign('an-id', 'keyboard cat'))
      return (await ann.get('/')).text
    },
    expected: '1',
  },
  {
    name: 'passes the error of a failed save to the error handlers',
    async run({ serve, session }) {
      const page = await (await serve({ store: failing(session, 'set') }, views))()
        .get('/')
        .catch(() => undefined)
      return page?.status === 500
        ? [500, page.cookies.length]
        : 'a truncated response of the handler'
    },
    expected: [500, 0],
    theirs: { expected: 'a truncated response of the handler', because: 'save-fails' },
  },
  {
    name: 'passes the error of a failed touch to the error handlers',
    async run({ serve, session }) {
      const ann = (await serve({ store: failing(session, 'touch') }, views))()
      await ann.get('/')
      const page = await ann.get('/read').catch(() => undefined)
      return page?.status === 500 ? page.text : 'a truncated response of the handler'
    },
    expected: 'failed: disk full',
    theirs: { expected: 'a truncated response of the handler', because: 'save-fails' },
  },
  {
    name: "passes the error of a failed unset: 'destroy' to the error handlers",
    async run({ serve, session }) {
      const ann = (
        await serve(
          { store: failing(session, 'destroy'), unset: 'destroy' },
          {
            ...views,
            '/unset': (request, response) => {
              Object.assign(request, { session: null })
              response.end('signed out')
            },
          },
        )
      )()
      await ann.get('/')
      const page = await ann.get('/unset').catch(() => undefined)
      return page?.status === 500 ? page.text : 'a truncated response of the handler'
    },
    expected: 'failed: disk full',
    theirs: { expected: 'a truncated response of the handler', because: 'save-fails' },
  },
  {
    name: 'passes the error of a failed destroy() without a callback to the error handlers',
    async run({ serve, session }) {
      const ann = (
        await serve(
          { store: failing(session, 'destroy') },
          {
            ...views,
            '/logout': (request, response) => {
              request.session.destroy()
              response.end('signed out')
            },
          },
        )
      )()
      await ann.get('/')
      return (await ann.get('/logout')).status
    },
    expected: 500,
    theirs: { expected: 200, because: 'unheard-failure' },
  },
  {
    name: 'passes an error to the callback of save()',
    async run({ serve, session }) {
      const ann = (
        await serve(
          { store: failing(session, 'set') },
          {
            '/': (request, response) => {
              request.session.user = 'ann'
              request.session.save(error => {
                Reflect.deleteProperty(request, 'session')
                finish(response)(error)
              })
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    expected: 'error: disk full',
  },
  {
    name: 'fails if request.session is replaced by another object',
    async run({ serve, library }) {
      const ann = (
        await serve(
          {},
          {
            '/': (request, response) => {
              Object.assign(request, { session: { user: 'ann' } })
              response.end()
            },
          },
        )
      )()
      const text = ann.get('/').then(page => page.text)
      if (library === 'silverback') return text
      return Promise.race([text, new Promise(resolve => setTimeout(resolve, 300, 'no response'))])
    },
    expected:
      'failed: request.session was replaced by another object; set properties of the session instead',
    theirs: { expected: 'no response', because: 'plain-session' },
  },
  {
    name: 'saves before an error page is sent',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/throw': request => {
              request.session.views = 10
              throw new Error('of the app')
            },
          },
        )
      )()
      const page = await ann.get('/throw')
      return [page.status, page.text, (await ann.get('/')).text]
    },
    expected: [500, 'failed: of the app', '11'],
  },
  {
    name: 'saves on writeHead, write and end without changing the body',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/stream': (request, response) => {
              request.session.views = 10
              response.writeHead(201, { 'content-type': 'text/plain', 'set-cookie': 'other=1' })
              response.write('one ')
              response.write(Buffer.from('two '))
              response.end('three')
            },
          },
        )
      )()
      const page = await ann.get('/stream')
      return [page.status, page.text, page.cookies.length, (await ann.get('/')).text]
    },
    expected: [201, 'one two three', 2, '11'],
  },
  {
    name: 'saves changes made while the body streams',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/stream': async (request, response) => {
              response.write('one ')
              await new Promise(resolve => setTimeout(resolve, 20))
              request.session.views = 10
              response.end('two')
            },
          },
        )
      )()
      await ann.get('/')
      await ann.get('/stream')
      // The response may be complete before the change is saved.
      await until('the change is saved', async () => /10/.test((await ann.get('/read')).text))
      return (await ann.get('/')).text
    },
    expected: '11',
  },
  {
    name: 'saves for HEAD requests and 304 responses',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            ...views,
            '/304': (request, response) => {
              request.session.views = 10
              response.statusCode = 304
              response.end()
            },
          },
        )
      )()
      const [head, unmodified] = [await ann.get('/', { method: 'HEAD' }), await ann.get('/304')]
      return [head.cookies.length, unmodified.status, (await ann.get('/')).text]
    },
    expected: [1, 304, '11'],
  },
  {
    name: 'loads, destroys and generates sessions with request.sessionStore',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (
        await serve(
          { store },
          {
            ...views,
            '/store': (request, response) => {
              const { sessionStore, sessionID } = request
              sessionStore.load(sessionID, (error, loaded) => {
                const known = [error ?? null, loaded?.id === sessionID, loaded?.views]
                sessionStore.regenerate(request, failed => {
                  const isNew =
                    request.sessionID !== sessionID && request.session.id === request.sessionID
                  const isStore = sessionStore === store
                  response.end(JSON.stringify([...known, failed ?? null, isNew, isStore]))
                })
              })
            },
          },
        )
      )()
      await ann.get('/')
      return texts([await ann.get('/store'), await ann.get('/')])
    },
    expected: ['[null,true,1,null,true,true]', '1'],
  },
  {
    name: 'saves a session that was loaded from the store outside its requests',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const ann = (await serve({ store }, views))()
      await ann.get('/')
      const id = (await ann.get('/id')).text
      const loaded = await new Promise<Session>((resolve, reject) =>
        store.load(id, (error, found) => (found ? resolve(found) : reject(error))),
      )
      loaded.views = 41
      await new Promise(resolve => loaded.save(resolve))
      return (await ann.get('/')).text
    },
    expected: '42',
  },
  {
    name: 'uses the session that createSession sets on the request',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const visitor = await serve(
        { store },
        {
          ...views,
          '/resume': (request, response) => {
            const id = new URL(request.url as string, 'http://host').searchParams.get(
              'id',
            ) as string
            store.get(id, (_, kept) => {
              request.sessionID = id
              store.createSession(request, kept as Session)
              request.session.views += 10
              response.end(String(request.session.views))
            })
          },
        },
      )
      const ann = visitor()
      await ann.get('/')
      const { text: id } = await ann.get('/id')
      const page = await visitor().get(`/resume?id=${id}`)
      return [page.text, page.cookies.length, (await ann.get('/')).text]
    },
    expected: ['11', 1, '12'],
  },
  {
    name: 'lists, counts and clears the sessions of MemoryStore',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const visitor = await serve({ store }, views)
      await visitor().get('/')
      await visitor().get('/')
      const all = await new Promise<object>(resolve =>
        store.all((_, found) => resolve(found ?? {})),
      )
      const length = (): Promise<number | undefined> =>
        new Promise(resolve => store.length((_, found) => resolve(found)))
      const before = await length()
      await new Promise(resolve => store.clear(resolve))
      const seen = Object.values(all).map((kept: Session) => kept.views)
      return [seen, before, await length(), Array.isArray(all)]
    },
    expected: [[1, 1], 2, 0, true],
    theirs: { expected: [[1, 1], 2, 0, false], because: 'ids-in-lists' },
  },
  {
    name: 'stores and returns a session without a cookie in MemoryStore',
    async run({ session }) {
      const store = new session.MemoryStore()
      for (const [id, value] of Object.entries({ a: { user: 'ann' }, b: { cookie: null } })) {
        await new Promise(resolve => store.set(id, value, resolve))
        await new Promise(resolve => store.touch(id, { cookie: {} }, resolve))
      }
      const found = await new Promise(resolve => store.get('a', (_, found) => resolve(found)))
      return (found as { user?: string }).user
    },
    expected: 'ann',
  },
  {
    name: 'has a Cookie with data and serialize()',
    async run({ session }) {
      const cookie = new session.Cookie({ path: '/admin', secure: true }) as Session['cookie'] & {
        serialize(name: string, value: string): string
      }
      return [JSON.stringify(cookie), cookie.serialize('name', 'a value')]
    },
    expected: [
      '{"originalMaxAge":null,"expires":null,"secure":true,"httpOnly":true,"path":"/admin"}',
      'name=a%20value; Path=/admin; HttpOnly; Secure',
    ],
  },
  {
    name: 'refuses a cookie that is not an object and a maxAge that is not a number',
    async run({ session }) {
      for (const options of ['a text', 42, true, () => {}, { maxAge: '60000' }]) {
        assert.throws(() => new session.Cookie(options as object), TypeError)
      }
      return 'refused'
    },
    expected: 'refused',
  },
  {
    name: 'refuses invalid options that express-session refuses too',
    async run({ session }) {
      return [{ genid: 1 }, { unset: 'perhaps' }, { secret: [] }].map(options =>
        outcomeOf(session, options),
      )
    },
    expected: ['TypeError', 'TypeError', 'TypeError'],
  },
  {
    name: 'refuses an invalid secret, name, store or cookie attribute when the app starts',
    async run({ session }) {
      const store = { get() {}, on() {} }
      const wrong = [{ secret: '' }, { name: 'a name' }, { store }, { cookie: { domain: 'a;b' } }]
      return wrong.map(options => outcomeOf(session, options))
    },
    expected: ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
    theirs: {
      expected: ['accepted', 'accepted', 'accepted', 'accepted'],
      because: 'wrong-options',
    },
  },
  {
    name: 'refuses an expiry that is no valid date when the app starts',
    async run({ session }) {
      const wrong = [
        { maxAge: Number.POSITIVE_INFINITY },
        { maxAge: 1e16 },
        { maxAge: Number.NaN },
        { expires: new Date(Number.NaN) },
      ]
      return wrong.map(cookie => outcomeOf(session, { cookie }))
    },
    expected: ['RangeError', 'RangeError', 'RangeError', 'RangeError'],
    theirs: {
      expected: ['accepted', 'accepted', 'accepted', 'accepted'],
      because: 'wrong-options',
    },
  },
  {
    name: 'forbids caches to store responses with a cookie',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      const pages = [await ann.get('/'), await ann.get('/')]
      return pages.map(({ headers }) => [headers['cache-control'] ?? '', headers.vary ?? ''])
    },
    expected: [
      ['no-store', 'Cookie'],
      ['', 'Cookie'],
    ],
    theirs: {
      expected: [
        ['', ''],
        ['', ''],
      ],
      because: 'headers',
    },
  },
  {
    name: 'reads the cookies of cookie-parser if the header has no valid one',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const kept = { cookie: { originalMaxAge: null, expires: null }, views: 41 }
      for (const id of ['an-id', 'in %header']) {
        await new Promise<void>(resolve => store.set(id, kept, () => resolve()))
      }
      const signed = decodeURIComponent(sign('in %header', 'keyboard cat'))
      const sets = [
        { signedCookies: { 'connect.sid': 'an-id' } },
        { cookies: { 'connect.sid': signed } },
        { cookies: { 'connect.sid': signed.slice(0, -1) } },
        { cookies: { 'connect.sid': 'an-id' }, signedCookies: { 'connect.sid': false } },
      ]
      const seen: string[] = []
      for (const parsed of sets) {
        const visitor = await serve({ store }, views, { before: [adding(parsed)] })
        seen.push((await visitor().get('/id')).text)
      }
      return seen.map(id => (['an-id', 'in %header'].includes(id) ? id : 'new'))
    },
    expected: ['an-id', 'in %header', 'new', 'new'],
  },
  {
    name: 'serves concurrent visitors while their sessions load slowly',
    async run({ serve, session }) {
      const { opened, open } = gate()
      class Slow extends session.MemoryStore {
        override get(...args: Parameters<Store['get']>): void {
          void opened.then(() => super.get(...args))
        }
      }
      const visitor = await serve({ store: new Slow() }, views)
      const [ann, bob] = [visitor(), visitor()]
      open()
      await Promise.all([ann.get('/'), bob.get('/')])
      const pages = await Promise.all([ann.get('/'), bob.get('/')])
      return texts(pages)
    },
    expected: ['2', '2'],
  },
]
