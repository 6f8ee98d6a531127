/**
 * Sessions for Fastify.
 *
 * @module
 */

import type { RequestWithHeaders } from '../http/request.ts'
import type { ReplyLike } from '../http/response.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { headersOfBody } from './lib/server-error.ts'

export type { AdapterOptions } from './lib/options.ts'

/** The subset of Fastify's request that we use. */
export interface FastifyRequestLike extends RequestWithHeaders {
  readonly raw: RequestWithHeaders
}

/** The subset of Fastify's reply that we use. */
export interface FastifyReplyLike extends ReplyLike {
  readonly statusCode: number
}

/** The subset of a Fastify instance that we use. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown
  addHook(
    name: string,
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void>,
  ): unknown
}

/** A plugin for `register`. */
export type Plugin = (app: FastifyLike, options: object, done: () => void) => void

/**
 * A plugin that sets `request.session` for one source, or `request.sessions` for several, and saves every
 * session of the request in an `onSend` hook, before the head of the reply is sent. It applies to all routes
 * of the instance that it is registered in.
 *
 * A failed load or save goes to the error handler. Writing to `reply.raw` bypasses all hooks, so call
 * `session.save` before you do.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Plugin {
  const requestSessions = new RequestSessions(sources, options)
  const failed = new WeakSet<FastifyReplyLike>()
  const plugin: Plugin = (app, _, done) => {
    app.decorateRequest(requestSessions.key, null)
    app.addHook('onRequest', async request => {
      aliasRequest(request.raw, request)
      Object.assign(request, { [requestSessions.key]: await requestSessions.open(request.raw) })
    })
    app.addHook('onSend', async (request, reply) => {
      // This hook also runs for the error page.
      if (failed.has(reply)) return
      try {
        await requestSessions.save(request.raw, reply, reply.statusCode)
      } catch (error) {
        failed.add(reply)
        for (const name of headersOfBody) reply.removeHeader(name)
        throw error
      }
    })
    done()
  }
  // Same as fastify-plugin: without it, the hooks would apply only to the plugin's own routes.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'silverback',
  })
}
