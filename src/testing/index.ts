/**
 * For the tests of apps: sessions to start from, cookie jars, a clock. For authors of backends and stores: test suites.
 *
 * @module
 */

// For apps
export * from './app/index.ts'

// For authors of backends and stores
export {
  type BackendTestName,
  backendSuite,
  type OpenBackend,
  type Resending,
  type SuiteOptions,
  type TestFunction,
} from './backend-suite.ts'
export { type Bounds, everyInterleaving, type Race } from './interleavings.ts'
export {
  type ConcurrentRequests,
  type Ending,
  type RaceName,
  type RaceOptions,
  raceSuite,
} from './race-suite.ts'
export { type Schedule, type Step, scheduledBackend, type Task } from './scheduler.ts'
export {
  type OpenStore,
  type StoreSuiteOptions,
  type StoreTestName,
  storeSuite,
} from './store-suite.ts'
