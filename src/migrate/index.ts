/**
 * Readers for sessions of other libraries, so that changing the library logs nobody out.
 *
 * @module
 */

export type { Reader } from '../session/legacy-reader.ts'
export { type CookieSessionOptions, cookieSession } from './cookie-session.ts'
export { type ExpressSessionOptions, expressSession } from './express-session.ts'
export { type FastifySessionOptions, fastifySession } from './fastify-session.ts'
export { type H3SessionOptions, h3Session } from './h3-session.ts'
export { type HonoSessionsOptions, honoSessions } from './hono-sessions.ts'
export type { IronPassword } from './iron.ts'
export { type IronSessionOptions, ironSession } from './iron-session.ts'
export { type KoaSessionOptions, koaSession } from './koa-session.ts'
export type { ReaderOptions, Secret } from './options.ts'
export { type ReactRouterSessionOptions, reactRouterSession } from './react-router-session.ts'
export type { ExpressSessionStore, RecordSource } from './records.ts'
export { type SecureCookieReaderOptions, secureCookie } from './secure-cookie.ts'
export { type SecureSessionOptions, secureSession } from './secure-session.ts'
export {
  type SvelteKitCookieSessionOptions,
  svelteKitCookieSession,
} from './svelte-kit-cookie-session.ts'
