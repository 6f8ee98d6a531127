/** What goes wrong with express-session when requests overlap, and does not with ours. */

import type { Backend } from 'silverback'
import { memory } from 'silverback/memory'
import { gate, type Handler, type Kit, type Store } from './apps.ts'
import type { Case } from './behaviour.ts'

/** Milliseconds that a store takes before it does something. */
interface Delays {
  readonly set?: number
  readonly destroy?: number
}

/** Where a library keeps its sessions, which is slow. */
export type MakeStore = (kit: Kit, delays?: Delays, lacks?: 'touch') => unknown

const after = (milliseconds = 0): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

export const slowStore: MakeStore = ({ session }, delays = {}, lacks) => {
  class Slow extends session.MemoryStore {
    override set(...args: Parameters<Store['set']>): void {
      const [id, kept, callback] = args
      const copy = JSON.parse(JSON.stringify(kept))
      void after(delays.set).then(() => super.set(id, copy, callback))
    }
    override destroy(...args: Parameters<Store['destroy']>): void {
      void after(delays.destroy).then(() => super.destroy(...args))
    }
  }
  return lacks ? Object.assign(new Slow(), { [lacks]: undefined }) : new Slow()
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

/** A handler that waits, and tells that it was reached. */
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

export const pains = (makeStore: MakeStore): readonly Case[] => [
  {
    name: 'a sign-out is not undone by a slow request',
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
    answer: '{}',
    theirs: { answer: '{"user":"ann","seen":true}', because: 'ended' },
  },
  {
    name: 'what two requests at once change is kept',
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
    answer: { zero: 0, one: 1, two: 2 },
    theirs: { answer: { zero: 0, one: 1 }, because: 'merged' },
  },
  {
    name: 'what two requests at once put into a list is kept',
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
    answer: '{"messages":["one","two"]}',
    theirs: { answer: '{"messages":["two"]}', because: 'merged' },
  },
  {
    name: 'a session that was made to last longer is not shortened by a slow request',
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
    answer: 60,
    theirs: { answer: 1, because: 'merged' },
  },
  {
    name: 'a redirect leads to a page that knows the session',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit, { set: 100 }) },
        {
          '/login': ({ session }, response) => {
            session.user = 'ann'
            response.writeHead(302, { location: '/read' }).end('Found')
          },
          '/read': read,
        },
      )
      const ann = visitor()
      // As browsers do: on, as soon as the head is there.
      const head = await ann.open('/login')
      const page = await visitor(ann).get('/read')
      await head.leave()
      return page.text
    },
    answer: '{"user":"ann"}',
    theirs: { answer: '{}', because: 'saved-first' },
  },
  {
    name: 'two regenerations at once lose nothing',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit) },
        {
          '/': ({ session }, response) => {
            session.regenerate(() => {
              // The session that is there when it is called back.
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
    answer: '{"user":"ann","theme":"dark"}',
    theirs: { answer: '{"theme":"dark"}', because: 'two-regenerations' },
  },
  {
    name: 'two requests that regenerate at once leave the old id dead and one of theirs alive',
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
    answer: ['{"user":"ann"}', '{"user":"ann"}', '{}'],
  },
  {
    name: 'keeping an unchanged session alive does not write old data back',
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
    answer: '{"cart":2}',
    theirs: { answer: '{"cart":1}', because: 'resave' },
  },
  {
    name: 'saving a session that the same request destroyed does not bring it back',
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
    answer: '{}',
    theirs: { answer: '{"user":"ann"}', because: 'destroyed-save' },
  },
  {
    name: 'a save that nobody waits for does not come after the destroy that follows',
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
    answer: '{}',
    theirs: { answer: '{"user":"ann","last":"seen"}', because: 'ended' },
  },
  {
    name: 'a sign-out that nobody waits for is done when the answer comes',
    async run(kit) {
      const visitor = await kit.serve(
        { store: makeStore(kit, { destroy: 100 }) },
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
    answer: '{}',
    theirs: { answer: '{"user":"ann"}', because: 'saved-first' },
  },
  {
    name: 'a slow request does not set the cookie of before a sign-in again',
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
    answer: '{"user":"ann"}',
    theirs: { answer: '{}', because: 'ended' },
  },
]
