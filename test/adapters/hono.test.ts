import { suite, test } from 'node:test'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startHono } from './apps/hono.ts'

suite('Hono', () => {
  adapterSuite(test, startHono, {
    cannot: {
      ...withoutNodeResponse,
      'something thrown that is no Error is a 500 that keeps the session':
        'what is thrown and no Error ends the request in the server, past every middleware',
    },
  })
})
