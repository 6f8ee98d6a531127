/**
 * The measured libraries of Node, in the order of the tables. Each is imported only by the process that
 * measures it.
 *
 * @module
 */

import type { Library } from './library.ts'

export const libraries: Readonly<Record<string, () => Promise<Library>>> = {
  gorilla: async () => (await import('./libraries/silverback.ts')).gorilla,
  sealed: async () => (await import('./libraries/silverback.ts')).sealed,
  server: async () => (await import('./libraries/silverback.ts')).server,
  'express-session': async () => (await import('./libraries/express-session.ts')).expressSession,
  'cookie-session': async () => (await import('./libraries/cookie-session.ts')).cookieSessions,
  'iron-session': async () => (await import('./libraries/iron-session.ts')).ironSession,
  'secure-session': async () => (await import('./libraries/secure-session.ts')).secureSessions(),
  objects: async () => (await import('./libraries/objects.ts')).objects,
}
