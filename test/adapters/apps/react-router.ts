/** An app of React Router in framework mode, as its compiler would make it. */

import { pathToFileURL } from 'node:url'
import type { createRequestHandler, ServerBuild } from 'react-router'
import { type SessionMiddleware, sessions } from 'silverback/react-router'
import type { RunningApp, StartApp, TestApp } from 'silverback/testing/adapters'
import { installProject } from '../../support/projects/projects.ts'
import type { Place } from './node-http.ts'
import { serveWeb } from './web.ts'
import { webResponse, webVisit } from './web-response.ts'

/** What is used of React Router, of whatever version. */
export interface Framework {
  readonly createRequestHandler: typeof createRequestHandler
}

type Module = ServerBuild['routes'][string] extends infer Route
  ? NonNullable<Route> extends { module: infer Module }
    ? Partial<Module>
    : never
  : never

/** Starts the suite's apps in this React Router. */
export const startReactRouter =
  (load: () => Promise<Framework>): StartApp =>
  async ({ sources, options: { onError: _, ...options }, handle }) => {
    const middleware = sessions(sources, options)
    const answer = answerWith(middleware, 'store' in sources ? 'session' : 'sessions', handle)
    const routes = { root: { middleware: [middleware] }, any: { loader: answer, action: answer } }
    return serveRoutes(await load(), routes as Routes)
  }

/** React Router 8, which needs Node 22.22, from where its example is installed. */
export async function importReactRouter8(): Promise<Framework> {
  const project = installProject('examples/react-router')
  return import(pathToFileURL(`${project}/node_modules/react-router/dist/production/index.js`).href)
}

/** A root route, and one for every path. */
export interface Routes {
  readonly root: Module
  readonly any: Module
}

/** Serves the modules of two routes on a free port. */
export function serveRoutes(framework: Framework, routes: Routes): Promise<RunningApp> {
  const handler = framework.createRequestHandler(buildOf(routes), 'production')
  return serveWeb(request => handler(request))
}

function answerWith(
  middleware: SessionMiddleware<object>,
  key: 'session' | 'sessions',
  handle: TestApp['handle'],
): (args: { request: Request; context: { get(key: object): unknown } }) => Promise<Response> {
  return async ({ request, context }) => {
    const place: Place = { [key]: context.get(middleware) }
    const response = new Headers()
    const visit = webVisit(request, place, { response })
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
