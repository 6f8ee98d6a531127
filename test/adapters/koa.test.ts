import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startKoa } from './apps/koa.ts'

suite('Koa', () => {
  adapterSuite(test, startKoa)
})
