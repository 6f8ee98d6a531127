import { runAdapterSuite } from './run.ts'

runAdapterSuite('web')
