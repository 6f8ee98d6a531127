/**
 * Apps of SvelteKit, built once: the hook and the only route of `test/projects/sveltekit-suite` call back
 * to here.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type EventLike, type Handle, sessions } from 'silverback/sveltekit'
import type { StartApp } from 'silverback/testing/adapters'
import { copyInto, installProject, run } from '../../support/projects.ts'
import { listen, type Place } from './node-http.ts'
import { webResponse, webVisit } from './web-response.ts'

/** One app: what the hook and the route do. */
interface Suite {
  readonly handle: Handle
  answer(event: EventLike): Promise<Response>
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

const current = new AsyncLocalStorage<Suite>()
const dispatcher: Suite = {
  handle: input => (current.getStore() as Suite).handle(input),
  answer: event => (current.getStore() as Suite).answer(event),
}

/** Starts apps in the SvelteKit that this folder of the repository has the lockfile of. */
export function svelteKit(packages: string): { prepare(): Promise<unknown>; start: StartApp } {
  let built: Promise<Listener> | undefined
  const prepare = (): Promise<Listener> => {
    built ??= build(packages)
    return built
  }
  return {
    prepare,
    async start({ sources, options: { onError: _, ...options }, handle }) {
      const listener = await prepare()
      const suite: Suite = {
        handle: sessions(sources, options),
        async answer(event) {
          const { request, locals }: { request: Request; locals: Place } = event
          const visit = webVisit(request, locals, { request: event, response: event })
          return webResponse(await handle(visit))
        },
      }
      return listen((request, response) => {
        // What might be a form of another site is refused, and no browser sends a body without a type.
        request.headers['content-type'] ??= 'application/json'
        current.run(suite, () => listener(request, response))
      })
    },
  }
}

async function build(packages: string): Promise<Listener> {
  const project = installProject(packages)
  if (!project) throw new Error(`the packages of ${packages} cannot be installed`)
  const app = copyInto(project, 'test/projects/sveltekit-suite', 'suite')
  run(app, ['vite/bin/vite.js', 'build'])
  Object.assign(globalThis, { suite: dispatcher })
  const { handler } = await import(join(app, 'build/handler.js'))
  return handler
}
