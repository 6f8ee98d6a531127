import { suite } from 'node:test'
import { reactRouterTests } from './react-router.ts'
import { runAdapterSuite } from './run.ts'

runAdapterSuite('reactRouter')
suite('React Router 7', () => reactRouterTests(() => import('react-router')))
