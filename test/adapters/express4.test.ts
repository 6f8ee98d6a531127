import { runAdapterSuite } from './run.ts'

runAdapterSuite('express4')
