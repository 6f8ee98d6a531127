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
