import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startConnect } from './apps/connect.ts'

suite('Connect', () => {
  adapterSuite(test, startConnect)
})
