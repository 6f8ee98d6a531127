import { runAdapterSuite } from './run.ts'

runAdapterSuite('connect')
