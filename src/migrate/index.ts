/**
 * Readers for sessions of other libraries, so that changing the library logs nobody out.
 *
 * @module
 */

export type { Reader } from '../session/legacy-reader.ts'
export { type CookieSessionOptions, cookieSession } from './cookie-session.ts'
export {
  type ExpressSessionOptions,
  type ExpressSessionStore,
  expressSession,
} from './express-session.ts'
export { type H3SessionOptions, h3Session } from './h3-session.ts'
export { type HonoSessionsOptions, honoSessions } from './hono-sessions.ts'
export type { IronPassword } from './iron.ts'
export { type IronSessionOptions, ironSession } from './iron-session.ts'
export type { ReaderOptions, Secret } from './options.ts'
export { type SecureCookieReaderOptions, secureCookie } from './secure-cookie.ts'
export { type SecureSessionOptions, secureSession } from './secure-session.ts'
