/** The routes for Fastify. */

import type { Server } from 'node:http'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { bodyOf, type Content, newContent } from '../content.ts'

/** How an app reaches the session of a request. */
export interface Access {
  content(request: FastifyRequest): Content
  start(request: FastifyRequest, content: Content): void
  increment(request: FastifyRequest): void
}

export async function fastifyServer(
  access: Access,
  register: (app: FastifyInstance) => unknown,
): Promise<Server> {
  const app = fastify()
  register(app)
  app.get<{ Params: { user: string } }>('/login/:user', async request => {
    access.start(request, newContent(request.params.user))
    return bodyOf(access.content(request))
  })
  app.get('/read', async request => bodyOf(access.content(request)))
  app.get('/change', async request => {
    access.increment(request)
    return bodyOf(access.content(request))
  })
  await app.ready()
  return app.server
}
