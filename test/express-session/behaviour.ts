/** What express-session is documented to do, and what it does where its users rely on it. */

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { Page } from '../../src/testing/adapters/browser.ts'
import {
  finish,
  gate,
  type Kit,
  type Library,
  type Request,
  type Session,
  type Store,
} from './apps.ts'
import type { DifferenceId } from './differences.ts'

export interface Case {
  readonly name: string
  /** What a visitor sees. */
  run(kit: Kit): Promise<unknown>
  /** What ours answers; and express-session, unless `theirs` says otherwise. */
  readonly answer: unknown
  readonly theirs?: { readonly answer: unknown; readonly because: DifferenceId }
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

/** The attributes of the cookie, without the moment. */
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

/** A store in memory that writes down what it is asked for. */
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

/** What a visitor has who waited in vain. */
const nothing = (): Promise<string> => new Promise(resolve => setTimeout(resolve, 300, 'no answer'))

const count = (calls: readonly string[], name: string): number =>
  calls.filter(call => call === name).length

/** What the constructor says: the class of its error, or nothing. */
function refusal(session: Library, options: object): string {
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
    answer: ['1', '2', '1'],
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
    answer: [true, ['HttpOnly', 'Path=/']],
  },
  {
    name: 'names the cookie as told',
    async run({ serve }) {
      const ann = (await serve({ name: 'app.sid' }, views))()
      return [lineOf(await ann.get('/')).startsWith('app.sid=s%3A'), (await ann.get('/')).text]
    },
    answer: [true, '2'],
  },
  {
    name: 'sets the cookie once',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/'), await ann.get('/read')])
    },
    answer: [1, 0, 0],
  },
  {
    name: 'takes over the visitors of the other library',
    async run({ serve, session }) {
      // A store that both know, and a cookie that the other one made.
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
    answer: ['42', 'an-id'],
  },
  {
    name: 'accepts the older secrets of a list and signs with the first',
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
    answer: ['2', true],
  },
  {
    name: 'takes a Buffer for a secret',
    async run({ serve }) {
      const ann = (await serve({ secret: Buffer.from('keyboard cat') }, views))()
      await ann.get('/')
      const id = (await ann.get('/id')).text
      return ann.jar.get('connect.sid') === sign(id, 'keyboard cat')
    },
    answer: true,
  },
  {
    name: 'refuses a cookie that nobody signed, or another secret did',
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
    answer: false,
  },
  {
    name: 'gives a signed id that is not kept another id',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      ann.jar.set('connect.sid', sign('planted', 'keyboard cat'))
      const page = await ann.get('/')
      return [page.text, page.cookies.length, (await ann.get('/id')).text === 'planted']
    },
    answer: ['1', 1, false],
  },
  {
    name: 'stores nothing for a visitor whose session stays empty',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store }, views))()
      const page = await ann.get('/read')
      return [page.cookies.length, count(store.calls, 'set')]
    },
    answer: [0, 0],
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
    answer: [1, 1, 0],
  },
  {
    name: 'touches an unchanged session and does not write it',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store }, views))()
      await ann.get('/')
      store.calls.length = 0
      await ann.get('/read')
      return [count(store.calls, 'set'), count(store.calls, 'touch')]
    },
    answer: [0, 1],
  },
  {
    name: 'writes an unchanged session with resave',
    async run({ serve, session }) {
      const store = spy(session)
      const ann = (await serve({ store, resave: true }, views))()
      await ann.get('/')
      store.calls.length = 0
      await ann.get('/read')
      return count(store.calls, 'set')
    },
    answer: 0,
    theirs: { answer: 1, because: 'resave' },
  },
  {
    name: 'does not save again what save() has saved',
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
    answer: ['done', 1, 1],
  },
  {
    name: 'saves what was changed after save()',
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
    answer: '{"one":1,"two":2}',
  },
  {
    name: 'sends the cookie of an empty session that save() has saved',
    async run({ serve }) {
      const ann = (
        await serve({}, { '/': (request, response) => request.session.save(finish(response)) })
      )()
      return (await ann.get('/')).cookies.length
    },
    answer: 1,
    theirs: { answer: 0, because: 'saved-empty' },
  },
  {
    name: 'removes a value that was deleted',
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
    answer: '{"two":{"three":[4]}}',
  },
  {
    name: 'notices a change deep inside',
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
    answer: '{"cart":{"items":["pear"]}}',
  },
  {
    name: 'carries what JSON carries: a date comes back as text',
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
    answer: '{"at":"1970-01-01T00:00:00.000Z","map":{}}',
  },
  {
    name: 'sends Expires for a maxAge, in milliseconds',
    async run({ serve }) {
      const page = await (await serve({ cookie: { maxAge: 120_000 } }, views))().get('/')
      return [attributes(page), secondsLeft(page) >= 119]
    },
    answer: [['Expires', 'HttpOnly', 'Path=/'], true],
  },
  {
    name: 'sends the attributes as told',
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
    answer: ['Domain=example.com', 'Partitioned', 'Path=/', 'Priority=High', 'SameSite=Lax'],
  },
  {
    name: 'takes true for SameSite=Strict',
    run: async ({ serve }) =>
      attributes(await (await serve({ cookie: { sameSite: true } }, views))().get('/')),
    answer: ['HttpOnly', 'Path=/', 'SameSite=Strict'],
  },
  {
    name: 'begins the time of the cookie again when the session changes',
    async run({ serve }) {
      const ann = (await serve({ cookie: { maxAge: 60_000 } }, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/'), await ann.get('/read')])
    },
    answer: [1, 1, 0],
  },
  {
    name: 'sets the cookie at each response with rolling',
    async run({ serve }) {
      const ann = (await serve({ rolling: true, cookie: { maxAge: 60_000 } }, views))()
      return cookieCounts([await ann.get('/'), await ann.get('/read'), await ann.get('/id')])
    },
    answer: [1, 1, 1],
  },
  {
    name: 'does not set the cookie of an empty session with rolling',
    run: async ({ serve }) =>
      (await (await serve({ rolling: true }, views))().get('/read')).cookies.length,
    answer: 0,
  },
  {
    name: 'asks a cookie function for each request',
    async run({ serve }) {
      const cookie = (request: Request) => ({ path: '/', httpOnly: request.url === '/' })
      const visitor = await serve({ cookie }, { ...views, '/other': views['/'] })
      return [attributes(await visitor().get('/')), attributes(await visitor().get('/other'))]
    },
    answer: [['HttpOnly', 'Path=/'], ['Path=/']],
  },
  {
    name: 'ends a session that lasted its maxAge',
    async run({ serve }) {
      // Ours ends on whole seconds.
      const ann = (await serve({ cookie: { maxAge: 300 } }, views))()
      const pages = [await ann.get('/'), await ann.get('/')]
      await new Promise(resolve => setTimeout(resolve, 1500))
      return texts([...pages, await ann.get('/')])
    },
    answer: ['1', '2', '1'],
  },
  {
    name: 'begins the time of the session again at each request',
    async run({ serve }) {
      const ann = (await serve({ cookie: { maxAge: 2000 } }, views))()
      await ann.get('/')
      for (let times = 0; times < 3; times++) {
        await new Promise(resolve => setTimeout(resolve, 1000))
        await ann.get('/read')
      }
      return (await ann.get('/')).text
    },
    answer: '2',
  },
  {
    name: 'tells the age of the cookie',
    async run({ serve }) {
      const ann = (
        await serve(
          { cookie: { maxAge: 60_000 } },
          {
            '/': ({ session: { cookie } }, response) => {
              const { maxAge, originalMaxAge, expires } = cookie
              const isAge = (maxAge as number) > 59_000 && (maxAge as number) <= 60_000
              response.end(JSON.stringify([isAge, originalMaxAge, expires instanceof Date]))
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    answer: '[true,60000,true]',
  },
  {
    name: 'tells nothing of the age of a cookie that ends with the browser',
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
    answer: '[null,null,null]',
  },
  {
    name: 'lets one session last longer by cookie.maxAge, beside a change',
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
    answer: [true, true],
  },
  {
    name: 'lets one session last longer by cookie.maxAge alone',
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
    answer: true,
    theirs: { answer: false, because: 'cookie-changes' },
  },
  {
    name: 'makes a cookie end with the browser by expires = false',
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
    answer: ['HttpOnly', 'Path=/'],
  },
  {
    name: 'resets the age by resetMaxAge() and touch(), which answer the session',
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
                  (session.cookie.maxAge as number) > 59_000,
                ]),
              )
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    answer: '[true,true,true]',
  },
  {
    name: 'sets no secure cookie over a plain connection',
    run: async ({ serve }) =>
      (await (await serve({ cookie: { secure: true } }, views))().get('/')).cookies.length,
    answer: 0,
  },
  {
    name: 'believes X-Forwarded-Proto with proxy: true, its first value',
    async run({ serve }) {
      const visitor = await serve({ proxy: true, cookie: { secure: true } }, views)
      const answers: number[] = []
      for (const protocol of ['https', 'HTTPS , http', 'http, https', '']) {
        const headers = { 'x-forwarded-proto': protocol }
        answers.push((await visitor().get('/', { headers })).cookies.length)
      }
      return answers
    },
    answer: [1, 1, 0, 0],
  },
  {
    name: 'believes nobody with proxy: false',
    async run({ serve }) {
      const visitor = await serve({ proxy: false, cookie: { secure: true } }, views)
      return (await visitor().get('/', { headers: { 'x-forwarded-proto': 'https' } })).cookies
        .length
    },
    answer: 0,
  },
  {
    name: "makes the cookie secure as the connection is, with 'auto'",
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
    answer: [
      ['HttpOnly', 'Path=/', 'SameSite=None', 'Secure'],
      ['HttpOnly', 'Path=/', 'SameSite=Lax'],
    ],
  },
  {
    name: "makes the cookie secure as the connection is, with 'auto' from a function",
    async run({ serve }) {
      const visitor = await serve({ proxy: true, cookie: () => ({ secure: 'auto' }) }, views)
      return attributes(await visitor().get('/'))
    },
    answer: ['HttpOnly', 'Path=/'],
    theirs: { answer: [], because: 'auto-of-function' },
  },
  {
    name: 'has no session outside of the path of the cookie',
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
    answer: ['true', 'true', 'true', 'false', 'false'],
  },
  {
    name: 'has no session where the browser sends none: beside the path',
    async run({ serve }) {
      const has = (request: Request, response: { end(text: string): void }): void =>
        response.end(String(request.session !== undefined))
      const visitor = await serve({ cookie: { path: '/admin' } }, { '/administrator': has })
      return (await visitor().get('/administrator')).text
    },
    answer: 'false',
    theirs: { answer: 'true', because: 'path-match' },
  },
  {
    name: 'takes the first of several cookies that was signed',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      await ann.get('/')
      const value = ann.jar.get('connect.sid')
      ann.jar.clear()
      const headers = { cookie: `connect.sid=planted; connect.sid=${value}` }
      return (await ann.get('/', { headers })).text
    },
    answer: '2',
    theirs: { answer: '1', because: 'several-cookies' },
  },
  {
    name: 'makes ids with genid, which gets the request',
    async run({ serve }) {
      let made = 0
      const genid = (request: Request): string => `${request.url?.slice(1)} ${++made} é`
      const ann = (await serve({ genid }, views))()
      await ann.get('/')
      return [(await ann.get('/id')).text, (await ann.get('/')).text]
    },
    answer: [' 1 é', '2'],
  },
  {
    name: 'refuses a genid that answers nothing',
    run: async ({ serve }) =>
      (await (await serve({ genid: () => undefined }, views))().get('/')).status,
    answer: 500,
    theirs: { answer: 200, because: 'genid' },
  },
  {
    name: 'keeps two visitors apart to whom genid gives one id',
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
    answer: '{"secret":"of Ann"}',
    theirs: { answer: '{"views":1}', because: 'genid' },
  },
  {
    name: 'gives the session another id and nothing else by regenerate()',
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
    answer: ['[null,true,null]', true, '1'],
  },
  {
    name: 'keeps what is put into a regenerated session, under its new id',
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
    answer: [1, true, '{"user":"ann"}'],
  },
  {
    name: 'reads the session again by reload(), and forgets changes',
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
    answer: ['[null,true,1]', '2'],
  },
  {
    name: 'saves what is changed after reload()',
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
    answer: '3',
  },
  {
    name: 'says that a session cannot be reloaded that is not kept',
    async run({ serve }) {
      const reload = (request: Request, response: { end(text: string): void }): void => {
        request.session.reload(error => response.end(String(error)))
      }
      return (await (await serve({}, { '/': reload }))().get('/')).text
    },
    answer: 'Error: failed to load session',
  },
  {
    name: 'ends the session by destroy(), and takes it from the request at once',
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
    answer: ['[null,true]', 0, '1'],
  },
  {
    name: 'answers the session from its methods',
    async run({ serve }) {
      const ann = (
        await serve(
          {},
          {
            '/': ({ session }, response) => {
              const answers = [
                session.save() === session,
                session.reload(() => {}) === session,
                session.regenerate(() => response.end(JSON.stringify(answers))) === session,
              ]
            },
          },
        )
      )()
      return (await ann.get('/')).text
    },
    answer: '[true,true,true]',
    theirs: { answer: '[false,false,true]', because: 'answers' },
  },
  {
    name: 'keeps a session whose property was deleted, and its changes are forgotten',
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
    answer: [0, '2'],
  },
  {
    name: "ends a session whose property was set to null, with unset: 'destroy'",
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
    answer: [1, '1'],
  },
  {
    name: 'has its methods and its request out of sight',
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
    answer: '[["cookie","user"],["cookie","user"],true]',
  },
  {
    name: 'does not let the id be changed',
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
    answer: 'true',
  },
  {
    name: 'leaves methods alone that a value in the store is named like',
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
    answer: 'function',
  },
  {
    name: 'passes by where there is a session already',
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
    answer: [1, '2'],
  },
  {
    name: 'passes by while the store is disconnected',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const has = (request: Request, response: { end(text: string): void }): void =>
        response.end(String(request.session !== undefined))
      const ann = (await serve({ store }, { '/': has }))()
      const answers = [(await ann.get('/')).text]
      store.emit('disconnect')
      answers.push((await ann.get('/')).text)
      store.emit('connect')
      answers.push((await ann.get('/')).text)
      return answers
    },
    answer: ['true', 'false', 'true'],
  },
  {
    name: 'hands on the error of a store that does not answer',
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
    answer: [500, 'failed: no connection'],
  },
  {
    name: 'takes ENOENT for a session that is not kept',
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
    answer: '1',
  },
  {
    name: 'answers an error for a session that could not be saved',
    async run({ serve, session }) {
      class Failing extends session.MemoryStore {
        override set(_: string, __: object, callback?: (error: unknown) => void): void {
          callback?.(new Error('disk full'))
        }
      }
      const page = await (await serve({ store: new Failing() }, views))()
        .get('/')
        .catch(() => undefined)
      return page?.status === 500
        ? [500, page.cookies.length]
        : 'the answer of the handler, cut off'
    },
    answer: [500, 0],
    theirs: { answer: 'the answer of the handler, cut off', because: 'save-fails' },
  },
  {
    name: 'answers an error for a sign-out that failed and that nobody asked about',
    async run({ serve, session }) {
      class Failing extends session.MemoryStore {
        override destroy(_: string, callback?: (error: unknown) => void): void {
          callback?.(new Error('disk full'))
        }
      }
      const ann = (
        await serve(
          { store: new Failing() },
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
    answer: 500,
    theirs: { answer: 200, because: 'unheard-failure' },
  },
  {
    name: 'tells the callback of save() what failed',
    async run({ serve, session }) {
      class Failing extends session.MemoryStore {
        override set(_: string, __: object, callback?: (error: unknown) => void): void {
          callback?.(new Error('disk full'))
        }
      }
      const ann = (
        await serve(
          { store: new Failing() },
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
    answer: 'error: disk full',
  },
  {
    name: 'says so when another object is put at request.session',
    async run({ serve }) {
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
      return Promise.race([ann.get('/').then(page => page.text), nothing()])
    },
    answer: 'failed: request.session must stay the session; set its properties',
    theirs: { answer: 'no answer', because: 'plain-session' },
  },
  {
    name: 'saves before an error page',
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
    answer: [500, 'failed: of the app', '11'],
  },
  {
    name: 'saves for writeHead, write and end, and leaves the body as it is',
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
    answer: [201, 'one two three', 2, '11'],
  },
  {
    name: 'saves what is changed while the body streams',
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
      await new Promise(resolve => setTimeout(resolve, 50))
      return (await ann.get('/')).text
    },
    answer: '11',
  },
  {
    name: 'saves for HEAD and 304',
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
    answer: [1, 304, '11'],
  },
  {
    name: 'offers the store at the request, which loads, ends and makes sessions',
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
    answer: ['[null,true,1,null,true,true]', '1'],
  },
  {
    name: 'saves a session that was loaded from the store outside of its requests',
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
    answer: '42',
  },
  {
    name: 'goes on with a session that createSession puts at the request',
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
    answer: ['11', 1, '12'],
  },
  {
    name: 'lists, counts and clears what its memory keeps',
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
    answer: [[1, 1], 2, 0, true],
    theirs: { answer: [[1, 1], 2, 0, false], because: 'ids-in-lists' },
  },
  {
    name: 'has a Cookie that tells what is kept of it, and its line',
    async run({ session }) {
      const cookie = new session.Cookie({ path: '/admin', secure: true }) as Session['cookie'] & {
        serialize(name: string, value: string): string
      }
      return [JSON.stringify(cookie), cookie.serialize('name', 'a value')]
    },
    answer: [
      '{"originalMaxAge":null,"expires":null,"secure":true,"httpOnly":true,"path":"/admin"}',
      'name=a%20value; Path=/admin; HttpOnly; Secure',
    ],
  },
  {
    name: 'refuses a cookie that is no object, and ages that are no numbers',
    async run({ session }) {
      for (const options of ['a text', { maxAge: '60000' }]) {
        assert.throws(() => new session.Cookie(options as object), TypeError)
      }
      return 'refused'
    },
    answer: 'refused',
  },
  {
    name: 'refuses wrong options of its own',
    async run({ session }) {
      return [{ genid: 1 }, { unset: 'perhaps' }, { secret: [] }].map(options =>
        refusal(session, options),
      )
    },
    answer: ['TypeError', 'TypeError', 'TypeError'],
  },
  {
    name: 'refuses what cannot be a secret, a name, a store or an attribute when the app starts',
    async run({ session }) {
      const store = { get() {}, on() {} }
      const wrong = [{ secret: '' }, { name: 'a name' }, { store }, { cookie: { domain: 'a;b' } }]
      return wrong.map(options => refusal(session, options))
    },
    answer: ['TypeError', 'TypeError', 'TypeError', 'TypeError'],
    theirs: { answer: ['accepted', 'accepted', 'accepted', 'accepted'], because: 'wrong-options' },
  },
  {
    name: 'keeps responses with a cookie out of caches',
    async run({ serve }) {
      const ann = (await serve({}, views))()
      const pages = [await ann.get('/'), await ann.get('/')]
      return pages.map(({ headers }) => [headers['cache-control'] ?? '', headers.vary ?? ''])
    },
    answer: [
      ['no-store', 'Cookie'],
      ['', 'Cookie'],
    ],
    theirs: {
      answer: [
        ['', ''],
        ['', ''],
      ],
      because: 'headers',
    },
  },
  {
    name: 'does not look at what cookie-parser found',
    async run({ serve, session }) {
      const store = new session.MemoryStore()
      const kept = { cookie: { originalMaxAge: null, expires: null }, views: 41 }
      await new Promise<void>(resolve => store.set('an-id', kept, () => resolve()))
      const parser = (request: object, _: unknown, next: () => void): void => {
        Object.assign(request, { signedCookies: { 'connect.sid': 'an-id' } })
        next()
      }
      return (await (await serve({ store }, views, { before: [parser] }))().get('/')).text
    },
    answer: '1',
    theirs: { answer: '42', because: 'parsed-cookies' },
  },
  {
    name: 'works with two visitors at once whose sessions are slow to load',
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
      const answers = await Promise.all([ann.get('/'), bob.get('/')])
      return texts(answers)
    },
    answer: ['2', '2'],
  },
]
