import { runAdapterSuite } from './run.ts'

runAdapterSuite('hono')
