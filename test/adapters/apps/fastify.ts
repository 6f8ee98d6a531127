/** A Fastify app. */

import { Readable } from 'node:stream'
import fastify, { type RouteHandlerMethod } from 'fastify'
import * as adapter from 'silverback/fastify'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf, statusOf } from './guards.ts'
import { sessionsAt } from './session-holder.ts'

export const startFastify: StartApp = async testApp => {
  const { sources, options, handle } = testApp
  const { onError: _, ...rest } = options
  const app = fastify({ forceCloseConnections: true })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, _request, reply) => reply.status(statusOf(error)).send('failed'))
  app.register(adapter.sessions(sources, rest))
  app.all('/missing', (_request, reply) => reply.callNotFound())
  const respond: RouteHandlerMethod = async (request, reply) => {
    const result = await handle({
      path: request.url,
      ...sessionsAt(request as object),
      request,
      response: reply,
      body: async () => String(request.body),
    })
    const { status = 200, headers = {}, body = '', redirect } = result ?? {}
    reply.headers(headers as Record<string, string>)
    if (redirect) return reply.redirect(redirect)
    reply.status(status)
    return reply.send(typeof body === 'string' ? body : Readable.from(body, { objectMode: false }))
  }
  app.all('/*', respond)
  for (const [path, preHandler] of guardsOf(testApp, adapter))
    app.all(path, { preHandler }, respond)
  return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}
