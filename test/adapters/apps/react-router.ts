/** A React Router app in framework mode, in the form that its compiler emits. */

import { pathToFileURL } from 'node:url'
import type { createRequestHandler, ServerBuild } from 'react-router'
import * as adapter from 'silverback/react-router'
import type { RunningApp, StartApp, TestApp } from 'silverback/testing/adapters'
import { installProject } from '../../support/projects/projects.ts'
import { guardsOf } from './guards.ts'
import type { SessionHolder } from './node-http.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

/** The part of React Router that is used, in every version. */
export interface Framework {
  readonly createRequestHandler: typeof createRequestHandler
}

type Module = ServerBuild['routes'][string] extends infer Route
  ? NonNullable<Route> extends { module: infer Module }
    ? Partial<Module>
    : never
  : never

/** Starts the suite's apps with this version of React Router. */
export const startReactRouter =
  (load: () => Promise<Framework>): StartApp =>
  async testApp => {
    const {
      sources,
      options: { onError: _, ...options },
      handle,
    } = testApp
    const middleware = adapter.sessions(sources, options)
    const guards = guardsOf(testApp, adapter)
    const guard = async (args: { request: Request }): Promise<undefined> =>
      guards.get(new URL(args.request.url).pathname)?.(args)
    const key = 'store' in sources ? 'session' : 'sessions'
    const respond = respondWith(middleware, options.lazy ? 'load' : key, handle)
    const routes = {
      root: { middleware: [middleware] },
      any: { middleware: [guard], loader: respond, action: respond },
    }
    return serveRoutes(await load(), routes as Routes)
  }

/** Imports React Router 8 from its example project. It needs Node 22.22 or later. */
export async function importReactRouter8(): Promise<Framework> {
  const project = installProject('examples/react-router')
  return import(pathToFileURL(`${project}/node_modules/react-router/dist/production/index.js`).href)
}

/** A root route, and a route for every path. */
export interface Routes {
  readonly root: Module
  readonly any: Module
}

/** Serves the modules of two routes on a free port. */
export function serveRoutes(framework: Framework, routes: Routes): Promise<RunningApp> {
  const handler = framework.createRequestHandler(buildOf(routes), 'production')
  return serveWeb(request => handler(request))
}

function respondWith(
  middleware: adapter.SessionMiddleware<object>,
  key: 'session' | 'sessions' | 'load',
  handle: TestApp['handle'],
): (args: { request: Request; context: { get(key: object): unknown } }) => Promise<Response> {
  return async ({ request, context }) => {
    const holder: SessionHolder = { [key]: context.get(middleware) }
    const response = new Headers()
    const visit = { ...holder, ...webVisit(request, holder, { response }) }
    if (visit.path.startsWith('/missing')) throw new Response(null, { status: 404 })
    return webResponse(await handle(visit), response)
  }
}

function buildOf({ root, any }: Routes): ServerBuild {
  const routes = {
    root: { id: 'root', path: '', module: root },
    index: { id: 'index', parentId: 'root', index: true, module: any },
    any: { id: 'any', parentId: 'root', path: '*', module: any },
  }
  return {
    entry: {
      module: {
        default: (_request: Request, status: number, headers: Headers) =>
          new Response('a document', { status, headers }),
        handleError() {},
      },
    },
    routes,
    assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '1' },
    publicPath: '/',
    assetsBuildDirectory: '',
    future: { v8_middleware: true },
    ssr: true,
    isSpaMode: false,
    prerender: [],
    routeDiscovery: { mode: 'initial', manifestPath: '/__manifest' },
  } as unknown as ServerBuild
}
