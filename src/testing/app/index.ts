/**
 * Helpers for the tests of an app that uses sessions. They depend on no test runner.
 *
 * @module
 */

export {
  CookieJar,
  type CookieJarOptions,
  type InjectOptions,
  type RequestCookies,
  type StorageState,
  type SuperagentRequest,
} from './cookie-jar.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { type ReadSessionResult, readSession } from './read-session.ts'
export {
  type LoginAsOptions,
  loginAs,
  type SessionCookieOptions,
  sessionCookie,
  type TestValues,
} from './session-cookie.ts'
export type { ResponseHeadersLike, TestResponseLike } from './set-cookie.ts'
