import { suite, test } from 'node:test'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startFastify } from './apps/fastify.ts'

suite('Fastify', () => {
  adapterSuite(test, startFastify, { cannot: withoutNodeResponse })
})
