/** A Next.js app: the example, with routes that call functions of the tests. */

import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Session, SessionSource } from 'silverback'
import * as adapter from 'silverback/next'
import { type NextOptions, type OpenSession, sessions } from 'silverback/next'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects/projects.ts'
import { type GuardFunctions, guardsOf } from './guards.ts'
import { listen } from './node-http.ts'
import { webResponse } from './web-response.ts'

type Cookies = NextOptions['cookies']
/** `redirect` of `next/navigation`. */
type Redirect = (location: string) => never

/** The functions that the routes in `next/app` call. */
export interface NextTest {
  /** Called by the route handlers `suite` and `after`. */
  answer(request: Request, cookies: Cookies, redirect?: Redirect): unknown
  /** Called by components and cache scopes. */
  render(cookies: Cookies): Promise<string>
}

declare global {
  var silverbackTest: Partial<NextTest>
}

/** Builds the app in a folder with this name, with the routes of other folders. */
export function buildNext(name: string, ...folders: string[]): string {
  const app = copyInto(
    installProject('examples/next'),
    name,
    'examples/next',
    'test/adapters/apps/next',
    ...folders,
  )
  run(app, ['next', 'build'])
  return app
}

let loading: Promise<RequestListener> | undefined

/** Loads Next.js into this process, with the built app. */
export function loadNext(): Promise<RequestListener> {
  loading ??= load(buildNext('suite'))
  return loading
}

async function load(folder: string): Promise<RequestListener> {
  Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' })
  const next = createRequire(join(folder, 'package.json'))('next')
  const app = next({ dev: false, dir: folder })
  await app.prepare()
  return app.getRequestHandler()
}

const apps: TestApp[] = []

/** Starts the suite's apps: a route handler that saves explicitly, as in users' apps. */
export const startNext: StartApp = async app => {
  const handler = await loadNext()
  const prefix = `/suite/${apps.push(app) - 1}`
  globalThis.silverbackTest = { answer }
  return listen((request, response) => {
    const { url = '/' } = request
    if (!url.startsWith('/missing')) request.url = prefix + url.replace(/^\/(?=$|\?)/, '')
    handler(request, response)
  })
}

async function answer(request: Request, cookies: Cookies, redirect: Redirect): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const [, , index, ...path] = pathname.split('/')
  const app = apps[Number(index)] as TestApp
  const { sources, options, handle } = app
  const { onError = () => {} } = options
  const jar = { cookies: await cookies() }
  const visit = {
    path: `/${path.join('/')}${search}`,
    request: jar,
    response: jar,
    body: () => request.text(),
  }
  const refused = await guardsOf(app, guardFunctions(cookies, redirect)).get(visit.path)?.(request)
  if (refused) return refused
  if (isSource(sources) && options.lazy) {
    const logins = sessions(sources, { cookies, onError })
    let login: OpenSession<Session> | undefined
    const load = async (): Promise<Session> => {
      login = await logins.open()
      return login.session
    }
    const result = await handle({ ...visit, session: undefined as never, sessions: {}, load })
    await login?.save()
    return webResponse(result)
  }
  if (isSource(sources)) {
    await using login = await sessions(sources, { cookies, onError }).open()
    const { session } = login
    const result = await handle({ ...visit, session, sessions: {} })
    await login.save()
    return webResponse(result)
  }
  // Each of several sources needs its own sessions(). The cases use these two.
  const { login, theme } = sources as Record<'login' | 'theme', SessionSource>
  await using first = await sessions(login, { cookies, onError }).open()
  await using second = await sessions(theme, { cookies, onError }).open()
  const both = { login: first.session, theme: second.session }
  const result = await handle({ ...visit, session: first.session, sessions: both })
  await Promise.all([first.save(), second.save()])
  return webResponse(result)
}

/** The guards of route handlers. Those of sessions throw to Next.js. */
function guardFunctions(
  cookies: Cookies,
  redirect: Redirect,
): GuardFunctions<(request: Request) => Promise<Response | undefined>> {
  const redirectTo = (location: string | undefined): (() => never) | undefined =>
    location === undefined ? undefined : () => redirect(location)
  return {
    requireLogin: (source, options) => async () => {
      await adapter.requireLogin(sessions(source, { cookies }), redirectTo(options.redirectTo))
      return undefined
    },
    requireFreshLogin: (source, seconds, options) => async () => {
      const logins = sessions(source, { cookies })
      await adapter.requireFreshLogin(logins, seconds, redirectTo(options.redirectTo))
      return undefined
    },
    csrfProtection: adapter.csrfProtection,
  }
}

function isSource(sources: TestApp['sources']): sources is SessionSource {
  return 'store' in sources
}
