/**
 * Sessions for Connect.
 *
 * @module
 */

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export { type Middleware, sessions } from './lib/middleware.ts'
export { csrfProtection, requireFreshLogin, requireLogin } from './lib/middleware-guards.ts'
export type { AdapterOptions } from './lib/options.ts'
