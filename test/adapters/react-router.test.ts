import { suite, test } from 'node:test'
import * as reactRouter from 'react-router'
import { adapterSuite, withoutNodeResponse } from 'silverback/testing/adapters'
import { startReactRouter } from './apps/react-router.ts'

suite('React Router 7', () => {
  adapterSuite(test, startReactRouter(reactRouter), { cannot: withoutNodeResponse })
})
