/**
 * Sessions for Fastify.
 *
 * @module
 */

import type { OriginRequest } from '../http/origin.ts'
import type { RequestWithHeaders } from '../http/request.ts'
import type { ReplyLike } from '../http/response.ts'
import { isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { givesHints, warnOnce } from '../lib/warnings.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { keepPrivate, RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { headersOfBody } from './lib/server-error.ts'
import { watchUnset } from './lib/unset-session.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'
export type { SessionsOf } from './lib/request-sessions.ts'

/** The subset of Fastify's request that we use. */
export interface FastifyRequestLike extends RequestWithHeaders {
  readonly raw: OriginRequest
  readonly body?: unknown
}

/** The subset of Fastify's reply that we use. */
export interface FastifyReplyLike extends ReplyLike {
  readonly statusCode: number
}

type Done = (error?: unknown) => void

/** The subset of a Fastify instance that we use. */
export interface FastifyLike {
  decorateRequest(name: string, value: null): unknown
  // biome-ignore lint/suspicious/noExplicitAny: Fastify has an overload for each kind of hook
  addHook(name: string, hook: (...args: any[]) => any): unknown
  readonly server?: {
    prependListener(event: 'request', listener: (request: object) => void): unknown
  }
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
  const { key, isLazy } = requestSessions
  const fail = (reply: FastifyReplyLike, error: unknown, done: Done): void => {
    for (const name of headersOfBody) reply.removeHeader(name)
    done(error)
  }
  const watchRaw = (request: object): void => {
    watchUnset(request, key, () =>
      warnOnce(
        'SESSION_RAW_REQUEST',
        `request.${key} was read from Node's request, as in a router inside @fastify/express, but is set on ` +
          "Fastify's request only; in that router, use sessions() of silverback/express with the same session",
      ),
    )
  }
  const plugin: Plugin = (app, _, done) => {
    if (!isLazy) app.decorateRequest(key, null)
    // Before all hooks: that of @fastify/express is usually registered first.
    if (givesHints() && !isLazy) {
      app.server?.prependListener('request', watchRaw)
    }
    // With callbacks, because an asynchronous hook costs a promise where nothing waits.
    app.addHook('onRequest', (request: FastifyRequestLike, _reply: unknown, next: Done) => {
      aliasRequest(request.raw, request)
      // Fastify listens to `localhost` with a second server.
      if (givesHints() && !isLazy) watchRaw(request.raw)
      const opened = (session: object | undefined): void => {
        requestSessions.expose(request, session)
        next()
      }
      let opening: MaybePromise<object | undefined>
      try {
        opening = requestSessions.open(request.raw)
      } catch (error) {
        next(error)
        return
      }
      if (isPromise(opening)) opening.then(opened, next)
      else opened(opening)
    })
    app.addHook(
      'onSend',
      (request: FastifyRequestLike, reply: FastifyReplyLike, _payload: unknown, next: Done) => {
        let saving: Promise<void> | undefined
        try {
          saving = requestSessions.save(request.raw, reply, reply.statusCode)
        } catch (error) {
          fail(reply, error, next)
          return
        }
        if (saving)
          saving.then(
            () => next(),
            error => fail(reply, error, next),
          )
        else next()
      },
    )
    done()
  }
  // Same as fastify-plugin: without it, the hooks would apply only to the plugin's own routes.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'silverback',
  })
}

/** A `preHandler` hook. */
export type PreHandler = (
  request: FastifyRequestLike,
  reply: FastifyReplyLike & RedirectingReply,
) => Promise<unknown>

/** The subset of Fastify's reply with which a hook redirects. */
interface RedirectingReply {
  code(status: number): unknown
  send(): unknown
}

/**
 * A `preHandler` hook, of a route or of all, that lets only signed-in visitors pass (their session has an owner).
 * Others are redirected to the option `redirectTo` or, without it, refused: a `RefusedError` of status 401 goes to the
 * error handler.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): PreHandler {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): PreHandler {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * A `preHandler` hook, of a route or of all, that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is a `RefusedError` of status 403 and goes to the error handler.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): PreHandler {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): PreHandler {
  return async (request, reply) => {
    const refusal = await guard(request.raw, request.body)
    if (!refusal) return undefined
    if (refusal.redirectTo === undefined) throw refusal.error
    reply.code(303)
    reply.header('Location', refusal.redirectTo)
    keepPrivate(reply)
    reply.send()
    return reply
  }
}
