import { runAdapterSuite } from './run.ts'

runAdapterSuite('fastify')
