import { runAdapterSuite } from './run.ts'

runAdapterSuite('elysia')
