import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startNode } from './apps/node.ts'

suite('node:http', () => {
  adapterSuite(test, startNode)
})
