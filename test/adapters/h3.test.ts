import { suite, test } from 'node:test'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startH3 } from './apps/h3.ts'

suite('h3 v2', () => {
  adapterSuite(test, startH3, { cannot: withoutNodeResponse })
})
