/** Fastify with @fastify/secure-session. */

import secureSession, { type Session } from '@fastify/secure-session'
import type { FastifyRequest } from 'fastify'
import type { MakeServer } from '../app.ts'
import { type Content, cookieAttributes, cookieName, maxAge } from '../content.ts'
import { fastifyServer } from '../lib/fastify.ts'

const sessionOf = (request: FastifyRequest): Session & Content =>
  request.session as unknown as Session & Content

const makeServer: MakeServer = () =>
  fastifyServer(
    {
      content: sessionOf,
      start: (request, content) => Object.assign(sessionOf(request), content),
      increment(request) {
        sessionOf(request).visits += 1
      },
    },
    app =>
      app.register(secureSession, {
        cookieName,
        key: Buffer.from('fedcba9876543210fedcba9876543210'),
        expiry: maxAge,
        cookie: { ...cookieAttributes, maxAge },
      }),
  )

export default makeServer
