/** Fastify without sessions. */

import type { MakeServer } from '../app.ts'
import { newContent } from '../content.ts'
import { fastifyServer } from '../lib/fastify.ts'

const content = newContent('visitor-0')

const makeServer: MakeServer = () =>
  fastifyServer(
    {
      content: () => content,
      start() {},
      increment() {
        content.visits += 1
      },
    },
    () => undefined,
  )

export default makeServer
