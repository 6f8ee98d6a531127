import { suite, test } from 'node:test'
import { adapterSuite } from 'silverback/testing/adapters'
import { startH3v1 } from './apps/h3v1.ts'

suite('h3 v1', () => {
  adapterSuite(test, startH3v1)
})
