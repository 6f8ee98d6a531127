/** A Fastify app. */

import { Readable } from 'node:stream'
import fastify from 'fastify'
import { sessions } from 'silverback/fastify'
import type { StartApp } from 'silverback/testing/adapters'
import { sessionsAt } from './session-holder.ts'

export const startFastify: StartApp = async ({ sources, options, handle }) => {
  const { onError: _, ...rest } = options
  const app = fastify({ forceCloseConnections: true })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((_error, _request, reply) => reply.status(500).send('failed'))
  app.register(sessions(sources, rest))
  app.all('/missing', (_request, reply) => reply.callNotFound())
  app.all('/*', async (request, reply) => {
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
  })
  return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
}
