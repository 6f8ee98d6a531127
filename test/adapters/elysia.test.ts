import { suite, test } from 'node:test'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startElysia } from './apps/elysia.ts'

suite('Elysia', () => {
  adapterSuite(test, startElysia, { cannot: withoutNodeResponse })
})
