/**
 * The inspector: a small web application that shows what happens in session stores, lists sessions and ends them.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where the types of Node are not installed
/** @ts-ignore Both are `any` where the types of Node are not installed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Application } from './application.ts'
import { serveNode } from './node.ts'
import { assertInspectorOptions, type InspectorOptions } from './options.ts'

export type { InspectorEvent } from './events.ts'
export type { InspectorOptions } from './options.ts'
export type { Redact } from './redaction.ts'
export type { Inspectable } from './store-view.ts'

/** The application. Both members can be passed on without the object. */
export interface Inspector {
  /**
   * Responds to a request: for Hono, Next.js, SvelteKit and everything else with web requests. Never rejects.
   *
   * @param original - passed to `authorize`
   */
  readonly fetch: (request: Request, original?: unknown) => Promise<Response>
  /** Responds to a request of Node: for Express, Connect and `node:http`. Never rejects. */
  readonly node: (
    request: IncomingMessage,
    response: ServerResponse,
    ...rest: unknown[]
  ) => Promise<void>
}

/**
 * Creates the inspector of some stores. It listens to them from now on, so create it when the app starts.
 *
 *     const panel = inspector({ stores: { login: store }, authorize: isOperator })
 *     app.use('/sessions', panel.node) // Express
 *     app.all('/sessions', c => panel.fetch(c.req.raw)) // Hono
 *
 * Everything is below one path, whatever it is: its URLs differ in their queries only.
 *
 * Throws TypeError or RangeError for wrong options, naming them, and a TypeError without `authorize` unless NODE_ENV is
 * `development` or `test`.
 */
export function inspector(options: InspectorOptions): Inspector {
  assertInspectorOptions(options)
  const application = new Application(options)
  return {
    fetch: (request, original) => application.respond(request, original, request),
    node: (request, response) => serveNode(application, request, response),
  }
}
