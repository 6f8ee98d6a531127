/** Overlapping requests that lose or revive sessions with express-session, and do not with ours. */

import type { Backend } from 'silverback'
import { memory } from 'silverback/memory'
import { gate, type Handler, type Kit, type Store } from './apps.ts'
import type { Case } from './behaviour.ts'

/** The milliseconds for which a store is slow. express-session must respond before that, ours only after it. */
const slowness = { silverback: 100, 'express-session': 20_000 }

/** Milliseconds that a store waits before an operation. */
interface Delays {
  readonly set?: number
  readonly destroy?: number
}

/** Makes a slow store for a library. */
export type MakeStore = (kit: Kit, delays?: Delays, missing?: 'touch') => unknown

const after = (milliseconds = 0): Promise<void> =>
  // The process need not wait for a store that is slower than the test.
  new Promise(resolve => setTimeout(resolve, milliseconds).unref())

export const slowStore: MakeStore = ({ session }, delays = {}, missing) => {
  class Slow extends session.MemoryStore {
    override set(...args: Parameters<Store['set']>): void {
      const [id, session, callback] = args
      const copy = JSON.parse(JSON.stringify(session))
      void after(delays.set).then(() => super.set(id, copy, callback))
    }
    override destroy(...args: Parameters<Store['destroy']>): void {
      void after(delays.destroy).then(() => super.destroy(...args))
    }
  }
  return missing ? Object.assign(new Slow(), { [missing]: undefined }) : new Slow()
}

export const slowBackend: MakeStore = (_, delays = {}) => {
  const backend = memory()
  const slow: Backend = {
    load: id => backend.load(id),
    create: (id, record) => after(delays.set).then(() => backend.create(id, record)),
    update: (id, record, version) =>
      after(delays.set).then(() => backend.update(id, record, version)),
    touch: (id, expires) => backend.touch(id, expires),
    delete: id => after(delays.destroy).then(() => backend.delete(id)),
  }
  return slow
}

const read: Handler = ({ session: { cookie: _, ...values } }, response) => {
  response.end(JSON.stringify(values))
}

const set =
  (values: object): Handler =>
  ({ session }, response) => {
    Object.assign(session, values)
    response.end()
  }

/** A handler that waits for `go`. `reached` resolves once a request has entered it. */
function slowly(work: Handler): { handler: Handler; reached: Promise<void>; go: () => void } {
  const [start, end] = [gate(), gate()]
  return {
    async handler(request, response) {
      start.open()
      await end.opened
      return work(request, response)
    },
    reached: start.opened,
    go: end.open,
  }
}

export const concurrencyCases = (makeStore: MakeStore): readonly Case[] => [
  {
    name: 'keeps a visitor signed out when a slow request saves the session',
    async run(kit) {
      const slow = slowly(set({ seen: true }))
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        {
          '/login': set({ user: 'ann' }),
          '/slow': slow.handler,
          '/read': read,
          '/logout': ({ session }, response) => session.destroy(() => response.end()),
        },
      )
      const ann = visitor()
      await ann.get('/login')
      const slowPage = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/logout')
      slow.go()
      await slowPage
      return (await ann.get('/read')).text
    },
    expected: '{}',
    theirs: { expected: '{"user":"ann","seen":true}', because: 'ended' },
  },
  {
    name: 'keeps the changes of two concurrent requests',
    async run(kit) {
      const slow = slowly(set({ one: 1 }))
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        { '/': set({ zero: 0 }), '/slow': slow.handler, '/two': set({ two: 2 }), '/read': read },
      )
      const ann = visitor()
      await ann.get('/')
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/two')
      slow.go()
      await page
      return JSON.parse((await ann.get('/read')).text)
    },
    expected: { zero: 0, one: 1, two: 2 },
    theirs: { expected: { zero: 0, one: 1 }, because: 'merged' },
  },
  {
    name: 'keeps list items that two concurrent requests append',
    async run(kit) {
      const add =
        (message: string): Handler =>
        ({ session }, response) => {
          session.messages.push(message)
          response.end()
        }
      const slow = slowly(add('two'))
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        { '/': set({ messages: [] }), '/slow': slow.handler, '/add': add('one'), '/read': read },
      )
      const ann = visitor()
      await ann.get('/')
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/add')
      slow.go()
      await page
      return (await ann.get('/read')).text
    },
    expected: '{"messages":["one","two"]}',
    theirs: { expected: '{"messages":["two"]}', because: 'merged' },
  },
  {
    name: 'keeps a longer maxAge when a slow request saves the session',
    async run(kit) {
      const slow = slowly(set({ seen: true }))
      const visitor = await kit.serve(
        { store: makeStore(kit), cookie: { maxAge: 60_000 } },
        {
          '/': set({ user: 'ann' }),
          '/slow': slow.handler,
          '/remember': ({ session }, response) => {
            session.cookie.maxAge = 3_600_000
            session.isRemembered = true
            response.end()
          },
          '/age': ({ session }, response) => response.end(String(session.cookie.originalMaxAge)),
        },
      )
      const ann = visitor()
      await ann.get('/')
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/remember')
      slow.go()
      await page
      return Math.round(Number((await ann.get('/age')).text) / 60_000)
    },
    expected: 60,
    theirs: { expected: 1, because: 'merged' },
  },
  {
    name: 'saves before a redirect, so that the next page finds the session',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit, { set: slowness[kit.library] }) },
        {
          '/login': ({ session }, response) => {
            session.user = 'ann'
            response.writeHead(302, { location: '/read' }).end('Found')
          },
          '/read': read,
        },
      )
      const ann = visitor()
      // Follow the redirect as soon as the head arrives, as browsers do.
      const head = await ann.open('/login')
      const page = await visitor(ann).get('/read')
      await head.leave()
      return page.text
    },
    expected: '{"user":"ann"}',
    theirs: { expected: '{}', because: 'saved-first' },
  },
  {
    name: 'keeps the values of two concurrent regenerate() calls',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        {
          '/': ({ session }, response) => {
            session.regenerate(() => {
              // request.session is the new session here.
              request.session.user = 'ann'
            })
            const request = (session as unknown as { req: { session: typeof session } }).req
            session.regenerate(() => {
              request.session.theme = 'dark'
              response.end()
            })
          },
          '/read': read,
        },
      )
      const ann = visitor()
      await ann.get('/')
      return (await ann.get('/read')).text
    },
    expected: '{"user":"ann","theme":"dark"}',
    theirs: { expected: '{"theme":"dark"}', because: 'two-regenerations' },
  },
  {
    name: 'keeps the old id dead when two concurrent requests regenerate the session',
    async run(kit) {
      const login: Handler = (request, response) => {
        request.session.regenerate(() => {
          request.session.user = 'ann'
          response.end()
        })
      }
      const slow = slowly(login)
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        { '/': set({ seen: 1 }), '/slow': slow.handler, '/login': login, '/read': read },
      )
      const [ann, thief] = [visitor(), visitor()]
      await ann.get('/')
      thief.jar.set('connect.sid', ann.jar.get('connect.sid') as string)
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/login')
      const between = (await ann.get('/read')).text
      slow.go()
      await page
      return [between, (await ann.get('/read')).text, (await thief.get('/read')).text]
    },
    expected: ['{"user":"ann"}', '{"user":"ann"}', '{}'],
  },
  {
    name: 'does not write old data back when it renews an unchanged session',
    async run(kit) {
      const slow = slowly(read)
      const visitor = await kit.serve(
        { store: makeStore(kit, {}, 'touch'), resave: true, cookie: { maxAge: 60_000 } },
        { '/': set({ cart: 1 }), '/slow': slow.handler, '/two': set({ cart: 2 }), '/read': read },
      )
      const ann = visitor()
      await ann.get('/')
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/two')
      slow.go()
      await page
      return (await ann.get('/read')).text
    },
    expected: '{"cart":2}',
    theirs: { expected: '{"cart":1}', because: 'resave' },
  },
  {
    name: 'does not revive a session that the same request has destroyed',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        {
          '/': set({ user: 'ann' }),
          '/logout': ({ session }, response) => {
            session.destroy(() => session.save(() => response.end()))
          },
          '/read': read,
        },
      )
      const ann = visitor()
      await ann.get('/')
      await ann.get('/logout')
      return (await ann.get('/read')).text
    },
    expected: '{}',
    theirs: { expected: '{"user":"ann"}', because: 'destroyed-save' },
  },
  {
    name: 'runs a save without a callback before the destroy that follows',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit, { set: 50 }) },
        {
          '/': set({ user: 'ann' }),
          '/logout': ({ session }, response) => {
            session.last = 'seen'
            session.save()
            session.destroy(() => response.end())
          },
          '/read': read,
        },
      )
      const ann = visitor()
      await ann.get('/')
      await ann.get('/logout')
      await after(100)
      return (await ann.get('/read')).text
    },
    expected: '{}',
    theirs: { expected: '{"user":"ann","last":"seen"}', because: 'ended' },
  },
  {
    name: 'finishes a destroy without a callback before the response is sent',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit, { destroy: slowness[kit.library] }) },
        {
          '/': set({ user: 'ann' }),
          '/logout': ({ session }, response) => {
            session.destroy()
            response.end()
          },
          '/read': read,
        },
      )
      const ann = visitor()
      await ann.get('/')
      await ann.get('/logout')
      return (await ann.get('/read')).text
    },
    expected: '{}',
    theirs: { expected: '{"user":"ann"}', because: 'saved-first' },
  },
  {
    name: 'does not set the old cookie again after a sign-in, in a slow request',
    async run(kit) {
      const slow = slowly(read)
      const visitor = await kit.serve(
        { store: makeStore(kit), rolling: true },
        {
          '/': set({ seen: 1 }),
          '/slow': slow.handler,
          '/login': (request, response) => {
            request.session.regenerate(() => {
              request.session.user = 'ann'
              response.end()
            })
          },
          '/read': read,
        },
      )
      const ann = visitor()
      await ann.get('/')
      const page = visitor(ann).get('/slow')
      await slow.reached
      await ann.get('/login')
      slow.go()
      await page
      return (await ann.get('/read')).text
    },
    expected: '{"user":"ann"}',
    theirs: { expected: '{}', because: 'ended' },
  },
]
