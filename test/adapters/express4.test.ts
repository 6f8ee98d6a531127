import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startExpress4 } from './apps/express.ts'

suite('Express 4', () => {
  adapterSuite(test, startExpress4)
})
