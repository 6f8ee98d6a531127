import { suite, test } from 'node:test'
import * as reactRouter from 'react-router'
import { adapterSuite, type Exceptions, withoutNodeResponse } from 'silverback/testing/adapters'
import { startReactRouter } from './apps/react-router.ts'

const reason = 'loaders and actions get a Request of their own'
const withRequestOfItsOwn: Exceptions = {
  'the session is the one that the store gets for this request': reason,
  'a session got in the handler is saved with the others': reason,
  'all sessions of a request are in one registry': reason,
  'one name in two stores is a 500': reason,
  'a client that leaves before the answer: its change is kept':
    'React Router no longer waits for a loader whose client has left',
}

suite('React Router 7', () => {
  adapterSuite(test, startReactRouter(reactRouter), {
    cannot: { ...withoutNodeResponse, ...withRequestOfItsOwn },
  })
})
