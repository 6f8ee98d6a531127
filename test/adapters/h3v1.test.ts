import { runAdapterSuite } from './run.ts'

runAdapterSuite('h3v1')
