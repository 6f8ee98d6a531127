/**
 * Sessions for Express 5 and 4.
 *
 * @module
 */

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export { type Middleware, sessions } from './lib/middleware.ts'
export { csrfProtection, requireFreshLogin, requireLogin } from './lib/middleware-guards.ts'
export type { AdapterOptions } from './lib/options.ts'
export type { SessionsOf } from './lib/request-sessions.ts'
