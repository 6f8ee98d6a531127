/** The same small app with each session library, as its documentation shows it. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifySecureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import { getRequestListener } from '@hono/node-server'
import { useSession as honoSession, useSessionStorage as honoStorage } from '@hono/session'
import cookieSession from 'cookie-session'
import express, { type Express, type RequestHandler } from 'express'
import expressSession from 'express-session'
import fastify from 'fastify'
import * as h3 from 'h3'
import { Hono } from 'hono'
import * as honoSessions from 'hono-sessions'
import { getIronSession as getIronSession8 } from 'iron-session'
import { getIronSession as getIronSession9 } from 'iron-session9'
import Koa from 'koa'
import koaSession from 'koa-session'
import { createCookieSessionStorage } from 'react-router'
import { CookieStore, type DefinableStore, defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'

/** How an app is started. */
export interface Settings {
  /** Secrets of 44 characters, newest first. */
  readonly keys: readonly string[]
  /** Seconds until a session ends. */
  readonly maxAge: number
  /** What `/slow` waits for between reading and changing the session. */
  readonly gate: () => Promise<void>
  /** What a store on the server does before it writes. */
  readonly beforeWrite: () => Promise<void>
}

/** What a handler does with a session. */
interface Session {
  read(): object | Promise<object>
  set(key: string, value: string): unknown
  /** Signs in as the documentation of the library says. */
  signIn(): unknown
  end(): unknown
}

/** Does what the path says. Resolves to the body of the response. */
async function handle(url: string, session: Session, { gate }: Settings): Promise<string> {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const [[key = '', value = ''] = []] = [...searchParams]
  if (pathname === '/slow') {
    await session.read()
    await gate()
  }
  if (key) await session.set(key, value)
  if (pathname === '/sign-in') await session.signIn()
  if (pathname === '/sign-out') await session.end()
  return pathname === '/read' ? JSON.stringify(await session.read()) : 'done'
}

export type Library = (settings: Settings) => RequestListener | Promise<RequestListener>

/** Serves an app while `use` runs. */
export async function serve<T>(
  library: Library,
  settings: Settings,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const server = createServer(await library(settings)).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  try {
    return await use(`http://localhost:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

type Callback = (error?: unknown) => void

/** Turns a method with a callback into one that returns a promise. */
const promised = (call: (done: Callback) => void): Promise<void> =>
  new Promise((resolve, reject) => call(error => (error ? reject(error) : resolve())))

function viaExpress(
  settings: Settings,
  middleware: RequestHandler,
  sessionOf: (request: express.Request) => Session,
): Express {
  const app = express().set('env', 'test')
  app.use(middleware, async (request, response) => {
    response.send(await handle(request.url, sessionOf(request), settings))
  })
  return app
}

/** A value under a key of an object that is looked up each time, as libraries replace it. */
const property = (holder: () => Record<string, unknown>): Pick<Session, 'read' | 'set'> => ({
  read: () => holder(),
  set: (key, value) => {
    holder()[key] = value
  },
})

const cookieSessions: Library = settings =>
  viaExpress(
    settings,
    cookieSession({
      keys: [...settings.keys],
      maxAge: settings.maxAge * 1000,
    }) as unknown as RequestHandler,
    request => {
      const holder = request as unknown as { session: Record<string, unknown> | null }
      return {
        ...property(() => holder.session ?? {}),
        signIn: () => Object.assign(holder.session ?? {}, { user: 'ann' }),
        end: () => {
          holder.session = null
        },
      }
    },
  )

const ironSessions =
  (get: typeof getIronSession8): Library =>
  settings =>
  async (request, response) => {
    const session = await get<Record<string, unknown>>(request, response, {
      cookieName: 'session',
      password: Object.fromEntries(settings.keys.map((key, i) => [settings.keys.length - i, key])),
      ttl: settings.maxAge,
    })
    const save = (values: object): Promise<void> => Object.assign(session, values).save()
    try {
      const body = await handle(
        request.url as string,
        {
          read: () => ({ ...session }),
          set: (key, value) => save({ [key]: value }),
          signIn: () => save({ user: 'ann' }),
          end: () => session.destroy(),
        },
        settings,
      )
      response.end(body)
    } catch {
      response.writeHead(500).end()
    }
  }

async function viaFastify(
  settings: Settings,
  register: (app: ReturnType<typeof fastify>) => void,
  sessionOf: (request: { session: unknown }) => Session,
): Promise<RequestListener> {
  const app = fastify()
  register(app)
  app.get('*', async request =>
    handle(request.url, sessionOf(request as { session: unknown }), settings),
  )
  await app.ready()
  return (request, response) => app.routing(request, response)
}

const secureSessions: Library = settings =>
  viaFastify(
    settings,
    app =>
      void app.register(fastifySecureSession, {
        key: settings.keys.map(key => Buffer.from(key, 'base64')),
        expiry: settings.maxAge,
        cookie: { path: '/' },
      }),
    request => {
      const session = request.session as {
        data(): object
        set(key: string, value: string): void
        regenerate(): void
        delete(): void
      }
      return {
        read: () => session.data(),
        set: (key, value) => session.set(key, value),
        signIn() {
          session.regenerate()
          session.set('user', 'ann')
        },
        end: () => session.delete(),
      }
    },
  )

const fastifySessions: Library = settings => {
  class Store extends fastifySession.MemoryStore {
    override set(id: string, session: unknown, callback: Callback): void {
      settings.beforeWrite().then(() => super.set(id, session as never, callback), callback)
    }
  }
  return viaFastify(
    settings,
    app => {
      app.register(fastifyCookie)
      app.register(fastifySession, {
        secret: [...settings.keys],
        store: new Store(),
        cookie: { secure: false, maxAge: settings.maxAge * 1000 },
      })
    },
    request => {
      const holder = request as {
        session: Record<string, unknown> & { regenerate(): Promise<void>; destroy(): Promise<void> }
      }
      return {
        set: (key, value) => {
          holder.session[key] = value
        },
        read: () => JSON.parse(JSON.stringify(holder.session ?? {})),
        async signIn() {
          await holder.session.regenerate()
          holder.session.user = 'ann'
        },
        end: () => holder.session.destroy(),
      }
    },
  )
}

declare class ExpressStore {
  set(id: string, session: object, callback: Callback): void
}

const expressSessions: Library = settings => {
  const { MemoryStore } = expressSession as unknown as { MemoryStore: new () => ExpressStore }
  class Store extends MemoryStore {
    override set(id: string, session: object, callback: Callback): void {
      settings.beforeWrite().then(() => super.set(id, session, callback), callback)
    }
  }
  const middleware = expressSession({
    secret: [...settings.keys],
    resave: false,
    saveUninitialized: true,
    store: new Store(),
    cookie: { maxAge: settings.maxAge * 1000 },
  })
  return viaExpress(settings, middleware as unknown as RequestHandler, request => {
    const holder = request as unknown as {
      session: { regenerate(done: Callback): void; destroy(done: Callback): void }
    }
    return {
      ...property(() => holder.session as never),
      async signIn() {
        await promised(done => holder.session.regenerate(done))
        Object.assign(holder.session, { user: 'ann' })
      },
      end: () => promised(done => holder.session.destroy(done)),
    }
  })
}

/** With `store`, koa-session keeps the session on the server. */
const koaSessions =
  (isOnServer: boolean): Library =>
  settings => {
    const records = new Map<string, object>()
    const store = {
      get: async (key: string) => structuredClone(records.get(key)),
      set: async (key: string, value: object) => {
        await settings.beforeWrite()
        records.set(key, JSON.parse(JSON.stringify(value)))
      },
      destroy: async (key: string) => void records.delete(key),
    }
    const app = new Koa()
    app.silent = true
    app.keys = [...settings.keys]
    const options = { maxAge: settings.maxAge * 1000, ...(isOnServer && { store }) }
    app.use(koaSession(options as never, app as never) as never)
    app.use(async context => {
      const ctx = context as unknown as {
        session: (Record<string, unknown> & { regenerateSession(): Promise<void> }) | null
      }
      context.body = await handle(
        context.url,
        {
          ...property(() => ctx.session ?? {}),
          async signIn() {
            if (isOnServer) await ctx.session?.regenerateSession()
            Object.assign(ctx.session ?? {}, { user: 'ann' })
          },
          end: () => {
            ctx.session = null
          },
        },
        settings,
      )
    })
    return app.callback()
  }

const h3Sessions: Library = settings => {
  const app = new h3.H3()
  app.all('/**', async event => {
    const [password = ''] = settings.keys
    const session = await h3.useSession(event, { password, maxAge: settings.maxAge })
    return handle(
      event.req.url,
      {
        read: () => session.data,
        set: (key, value) => session.update({ [key]: value }),
        signIn: () => session.update({ user: 'ann' }),
        end: () => session.clear(),
      },
      settings,
    )
  })
  const listener = h3.toNodeHandler(app)
  return (request, response) => void listener(request, response)
}

/** @hono/session, in cookies or with `sessionStorage`. */
const officialHonoSessions =
  (isOnServer: boolean): Library =>
  settings => {
    const records = new Map<string, object>()
    const storage = {
      get: async (id: string) => structuredClone(records.get(id)) ?? null,
      set(id: string, data: object): Promise<void> {
        const copy = structuredClone(data)
        const written = settings.beforeWrite().then(() => void records.set(id, copy))
        written.catch(() => {}) // nobody awaits it, so that Node would exit
        return written
      },
      delete: (id: string) => void records.delete(id),
    }
    const app = new Hono().onError((_error, c) => c.text('failed', 500))
    if (isOnServer) app.use(honoStorage(storage as never))
    const secret = Buffer.from(settings.keys[0] as string, 'base64')
    app.use(honoSession({ secret, duration: { absolute: settings.maxAge } }))
    app.all('*', async c => {
      const session = (c as unknown as { var: { session: unknown } }).var.session as {
        get(): Promise<object | null>
        update(change: (values: object | null) => object): Promise<void>
        delete(): void
      }
      const update = (values: object): Promise<void> =>
        session.update(before => ({ ...before, ...values }))
      return c.text(
        await handle(
          c.req.url,
          {
            read: async () => (await session.get()) ?? {},
            set: (key, value) => update({ [key]: value }),
            signIn: () => update({ user: 'ann' }),
            async end() {
              await session.get()
              session.delete()
            },
          },
          settings,
        ),
      )
    })
    return getRequestListener(app.fetch)
  }

const otherHonoSessions =
  (isOnServer: boolean): Library =>
  settings => {
    class Store extends honoSessions.MemoryStore {
      override async persistSessionData(id: string, data: never): Promise<void> {
        await settings.beforeWrite()
        return super.persistSessionData(id, structuredClone(data))
      }
      override getSessionById(id: string): ReturnType<honoSessions.MemoryStore['getSessionById']> {
        return structuredClone(super.getSessionById(id))
      }
    }
    const app = new Hono().onError((_error, c) => c.text('failed', 500))
    app.use(
      honoSessions.sessionMiddleware({
        store: (isOnServer ? new Store() : new honoSessions.CookieStore()) as never,
        encryptionKey: settings.keys[0] as string,
        expireAfterSeconds: settings.maxAge,
        cookieOptions: { sameSite: 'Lax', path: '/', httpOnly: true },
      }) as never,
    )
    app.all('*', async c => {
      const session = c.get('session' as never) as honoSessions.Session
      return c.text(
        await handle(
          c.req.url,
          {
            read: () =>
              Object.fromEntries(
                Object.entries(session.getCache()._data).map(([key, entry]) => [
                  key,
                  (entry as { value: unknown }).value,
                ]),
              ),
            set: (key, value) => session.set(key, value as never),
            signIn() {
              c.set('session_key_rotation' as never, true as never)
              session.set('user', 'ann' as never)
            },
            end: () => session.deleteSession(),
          },
          settings,
        ),
      )
    })
    return getRequestListener(app.fetch)
  }

const reactRouterSessions: Library = settings => {
  const storage = createCookieSessionStorage({
    cookie: { secrets: [...settings.keys], maxAge: settings.maxAge },
  })
  return async (request, response) => {
    const session = await storage.getSession(request.headers.cookie)
    const commit = async (values: object): Promise<void> => {
      for (const [key, value] of Object.entries(values)) session.set(key, value)
      response.setHeader('Set-Cookie', await storage.commitSession(session))
    }
    try {
      const body = await handle(
        request.url as string,
        {
          read: () => session.data,
          set: (key, value) => commit({ [key]: value }),
          signIn: () => commit({ user: 'ann' }),
          end: async () => response.setHeader('Set-Cookie', await storage.destroySession(session)),
        },
        settings,
      )
      response.end(body)
    } catch {
      response.writeHead(500).end()
    }
  }
}

const ours =
  (storeOf: (settings: Settings) => DefinableStore): Library =>
  settings => {
    const login = defineSession<Record<string, unknown>>(storeOf(settings), 'login')
    return sessions(
      login,
      async (request, response, session) => {
        const body = await handle(
          request.url as string,
          {
            read: () => ({ ...session.values, ...(session.owner && { user: session.owner }) }),
            set: (key, value) => {
              session.values[key] = value
            },
            signIn: () => session.login('ann'),
            end: () => session.destroy(),
          },
          settings,
        )
        response.end(body)
      },
      {
        onError() {},
      },
    )
  }

const cookieStore = ours(
  ({ keys, maxAge }) => new CookieStore({ keys, lifetime: { idle: maxAge } }),
)
const revocableStore = ours(
  ({ keys, maxAge }) =>
    new CookieStore({
      keys,
      lifetime: { idle: maxAge },
      revocation: memory({ whenFull: 'throw' }),
    }),
)
const serverStore = ours(({ keys, maxAge, beforeWrite }) => {
  const backend = memory()
  const slow = new Proxy(backend, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'create' && name !== 'update') return value.bind(target)
      return async (...args: unknown[]) => {
        await beforeWrite()
        return value.apply(target, args)
      }
    },
  })
  return new ServerStore(slow, { keys, lifetime: { idle: maxAge } })
})

/** Libraries that keep the values in the cookie, by their row in docs/comparison.md. */
export const inCookies: Readonly<Record<string, Library>> = {
  'cookie-session': cookieSessions,
  'iron-session 8': ironSessions(getIronSession8),
  'iron-session 9': ironSessions(getIronSession9 as never),
  '@fastify/secure-session': secureSessions,
  'koa-session': koaSessions(false),
  'h3 `useSession`': h3Sessions,
  '@hono/session': officialHonoSessions(false),
  'hono-sessions, `CookieStore`': otherHonoSessions(false),
  'React Router': reactRouterSessions,
  'Silverback, `CookieStore`': cookieStore,
  'Silverback, with `revocation`': revocableStore,
}

/** Libraries that keep the values on the server. */
export const onServer: Readonly<Record<string, Library>> = {
  'express-session': expressSessions,
  '@fastify/session': fastifySessions,
  'koa-session, with `store`': koaSessions(true),
  '@hono/session, with storage': officialHonoSessions(true),
  'hono-sessions': otherHonoSessions(true),
  'Silverback, `ServerStore`': serverStore,
}
