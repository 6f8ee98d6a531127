/** Fastify with Silverback's CookieStore. */

import type { FastifyRequest } from 'fastify'
import type { Session } from 'silverback'
import { sessions } from 'silverback/fastify'
import type { MakeServer } from '../app.ts'
import type { Content } from '../content.ts'
import { fastifyServer } from '../lib/fastify.ts'
import { cookieSession } from '../lib/silverback.ts'

const valuesOf = (request: FastifyRequest): Content =>
  (request as unknown as { session: Session<Content> }).session.values

const makeServer: MakeServer = () =>
  fastifyServer(
    {
      content: valuesOf,
      start: (request, content) => Object.assign(valuesOf(request), content),
      increment(request) {
        valuesOf(request).visits += 1
      },
    },
    app => app.register(sessions(cookieSession())),
  )

export default makeServer
