/**
 * Tests for those who write backends.
 *
 * @module
 */

export {
  type BackendTestName,
  backendSuite,
  type OpenBackend,
  type SuiteOptions,
  type TestFunction,
} from './backend-suite.ts'
export { type Bounds, everyOrder, type Race } from './interleavings.ts'
export {
  type Ending,
  type RaceName,
  type RaceOptions,
  raceSuite,
  type Slower,
} from './race-suite.ts'
export { type Act, type Step, stepwise, type Turn } from './scheduler.ts'
