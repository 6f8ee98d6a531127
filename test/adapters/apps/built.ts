/**
 * Apps of frameworks that are built: one project, built once, whose middleware and routes ask `suite()`
 * what to do.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StartApp, TestApp } from 'silverback/testing/adapters'
import { listen } from './node-http.ts'

/** What a build has to serve. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void

const current = new AsyncLocalStorage<unknown>()

/**
 * Starts apps in a build.
 *
 * @param build - makes it: called once
 * @param suite - what the project has to do for an app
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
      const asked = suite(app)
      return listen((request, response) => {
        // What might be a form of another site is refused, and no browser sends a body without a type.
        request.headers['content-type'] ??= 'application/json'
        current.run(asked, () => listener(request, response))
      })
    },
  }
}
