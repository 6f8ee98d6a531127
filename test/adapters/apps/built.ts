/**
 * Apps of frameworks with a build step: one project, built once, whose middleware and routes delegate to
 * `suite()`.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { listen } from './node-http.ts'

/** The request listener of a build. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void

const current = new AsyncLocalStorage<unknown>()

/**
 * Starts apps in a build.
 *
 * @param build - makes the build; called once
 * @param suite - makes the functions that the project calls for an app
 */
export function builtApps(
  build: () => Promise<Listener>,
  suite: (app: TestApp) => object,
): { prepare(): Promise<unknown>; start: StartApp } {
  let built: Promise<Listener> | undefined
  const prepare = (): Promise<Listener> => {
    Object.assign(globalThis, { suite: () => current.getStore() })
    built ??= build()
    return built
  }
  return {
    prepare,
    async start(app) {
      const listener = await prepare()
      const functions = suite(app)
      return listen((request, response) => {
        // Without a content type, the framework would refuse the body as a possible cross-site form.
        request.headers['content-type'] ??= 'application/json'
        current.run(functions, () => listener(request, response))
      })
    },
  }
}
