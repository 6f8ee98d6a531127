/**
 * Sessions for Connect.
 *
 * @module
 */

export { type Middleware, sessions } from './lib/middleware.ts'
export type { AdapterOptions } from './lib/options.ts'
