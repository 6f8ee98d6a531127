/**
 * Sessions for Express 5 and 4.
 *
 * @module
 */

export { type Middleware, sessions } from './lib/middleware.ts'
export type { AdapterOptions } from './lib/options.ts'
