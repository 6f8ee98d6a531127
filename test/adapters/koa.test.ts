import { runAdapterSuite } from './run.ts'

runAdapterSuite('koa')
