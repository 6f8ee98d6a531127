import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startExpress } from './apps/express.ts'

suite('Express 5', () => {
  adapterSuite(test, startExpress)
})
