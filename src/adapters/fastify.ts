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

/** The part of Fastify's request that is used. */
export interface FastifyRequestLike extends RequestWithHeaders {
  readonly raw: RequestWithHeaders
}

/** The part of Fastify's reply that is used. */
export interface FastifyReplyLike extends ReplyLike {
  readonly statusCode: number
}

/** The part of Fastify's instance that is used. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown
  addHook(
    name: string,
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void>,
  ): unknown
}

/** A plugin, as `register` takes it. */
export type Plugin = (app: FastifyLike, options: object, done: () => void) => void

/**
 * A plugin that puts the session of the source at `request.session`, or those of several at
 * `request.sessions`, and saves every session of the request in an `onSend` hook, before the head of the
 * reply is sent. It is meant for all routes of the instance that it is registered in.
 *
 * A session that cannot be loaded or saved goes to the error handler. What is written to `reply.raw` goes
 * past all hooks: there, save by hand before.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Plugin {
  const ours = new RequestSessions(sources, options)
  const failed = new WeakSet<FastifyReplyLike>()
  const plugin: Plugin = (app, _, done) => {
    app.decorateRequest(ours.key, null)
    app.addHook('onRequest', async request => {
      aliasRequest(request.raw, request)
      Object.assign(request, { [ours.key]: await ours.open(request.raw) })
    })
    app.addHook('onSend', async (request, reply) => {
      // The error page is sent through the same hook.
      if (failed.has(reply)) return
      try {
        await ours.save(request.raw, reply, reply.statusCode)
      } catch (error) {
        failed.add(reply)
        for (const name of headersOfBody) reply.removeHeader(name)
        throw error
      }
    })
    done()
  }
  // What fastify-plugin does: hooks of a plugin are for its own routes otherwise.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'silverback',
  })
}
