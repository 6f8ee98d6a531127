import { suite, test } from 'node:test'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startWeb } from './apps/web.ts'

suite('web requests', () => {
  adapterSuite(test, startWeb, { cannot: withoutNodeResponse })
})
