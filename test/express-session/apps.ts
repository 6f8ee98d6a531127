/** The same app on express-session and on ours, in each framework that supports both. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import connect from 'connect'
import express from 'express'
// @ts-expect-error There are no types under this name.
import express4 from 'express4'
import ours from 'silverback/express-session'
import { Browser } from '../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../src/testing/adapters/node-client.ts'

export { gate } from '../../src/testing/adapters/stores.ts'

/** The part of `request.session` that tests use. */
export interface Session {
  cookie: {
    maxAge: number | null
    originalMaxAge: number | null
    expires: Date | false | null
    path: string
    secure?: boolean
    httpOnly?: boolean
    toJSON(): object
  }
  readonly id: string
  touch(): Session
  resetMaxAge(): Session
  save(callback?: (error?: unknown) => void): Session
  reload(callback: (error?: unknown) => void): Session
  regenerate(callback: (error?: unknown) => void): Session
  destroy(callback?: (error?: unknown) => void): Session
  // biome-ignore lint/suspicious/noExplicitAny: values of any app
  [key: string]: any
}

export interface Store {
  get(sid: string, callback: (error: unknown, session?: Session | null) => void): void
  set(sid: string, session: object, callback?: (error?: unknown) => void): void
  destroy(sid: string, callback?: (error?: unknown) => void): void
  touch(sid: string, session: object, callback?: (error?: unknown) => void): void
  all(callback: (error: unknown, sessions?: object) => void): void
  length(callback: (error: unknown, count?: number) => void): void
  clear(callback?: (error?: unknown) => void): void
  load(sid: string, callback: (error?: unknown, session?: Session) => void): void
  generate(request: Request): void
  regenerate(request: Request, callback: (error?: unknown) => void): void
  createSession(request: Request, session: object): Session
  emit(event: string): boolean
}

export type Request = IncomingMessage & {
  session: Session
  sessionID: string
  sessionStore: Store
  originalUrl: string
}

export type Handler = (request: Request, response: ServerResponse) => unknown
type Next = (error?: unknown) => void
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void

/** The interface that both libraries share. */
export interface Library {
  (options?: object): Middleware
  Store: new () => Store
  MemoryStore: new () => Store
  Cookie: new (options?: object) => Session['cookie']
  Session: new (...args: unknown[]) => Session
}

export const libraries = {
  'express-session': createRequire(import.meta.url)('express-session') as Library,
  silverback: ours as unknown as Library,
}
export type LibraryName = keyof typeof libraries

interface App {
  use(middleware: Middleware): void
  use(
    handler: (
      error: unknown,
      request: IncomingMessage,
      response: ServerResponse,
      next: Next,
    ) => void,
  ): void
}

export const frameworks: Record<string, () => App & RequestListener> = {
  'Express 5': () => quiet(express()) as never,
  'Express 4': () => quiet(express4()) as never,
  connect: () => connect() as never,
}

function quiet(app: { set(name: string, value: unknown): void }): unknown {
  app.set('env', 'test')
  app.set('trust proxy', true)
  return app
}

/** Makes a visitor. With `sharing`, the new visitor shares that visitor's cookies, like a second window. */
export type Visitor = (sharing?: Browser) => Browser

/** The input of a case. */
export interface Kit {
  readonly session: Library
  readonly library: LibraryName
  /** Serves these paths behind the session middleware, and returns a function that makes visitors. */
  serve(options: object, routes: Record<string, Handler>, extra?: Extra): Promise<Visitor>
}

interface Extra {
  /** Middleware before and after the session middleware. */
  before?: Middleware[]
  after?: Middleware[]
}

/** Options that express-session warns about if they are missing. */
const defaults = { secret: 'keyboard cat', resave: false, saveUninitialized: false }

export function kitOf(context: TestContext, library: LibraryName, framework: string): Kit {
  const session = libraries[library]
  return {
    session,
    library,
    async serve(options, routes, { before = [], after = [] } = {}) {
      const app = (frameworks[framework] as () => App & RequestListener)()
      for (const middleware of before) app.use(middleware)
      app.use(session({ ...defaults, ...options }))
      for (const middleware of after) app.use(middleware)
      app.use((request, response, next) => {
        const [path = ''] = (request.url ?? '').split('?')
        const handler = routes[path]
        if (!handler) return next()
        Promise.resolve(handler(request as Request, response)).catch(next)
      })
      app.use(
        (error: unknown, _request: IncomingMessage, response: ServerResponse, _next: Next) => {
          if (response.headersSent) return response.destroy()
          response.statusCode = 500
          return response.end(`failed: ${(error as Error).message}`)
        },
      )
      return serve(context, app)
    },
  }
}

/** Serves until the test ends, and returns a function that makes visitors. */
export async function serve(context: TestContext, listener: RequestListener): Promise<Visitor> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return sharing => {
    const browser = new Browser(nodeClient, `http://127.0.0.1:${port}`)
    return sharing ? Object.assign(browser, { jar: sharing.jar }) : browser
  }
}

/** Responds with the error, or with `done`. */
export const finish =
  (response: ServerResponse) =>
  (error?: unknown): void => {
    response.end(error ? `error: ${(error as Error).message}` : 'done')
  }
