/**
 * What each entry of the package may weigh and import.
 *
 * @module
 */

/** The limits of one entry. */
export interface Budget {
  /** Bytes of the minified bundle after gzip, at most. Whoever raises one says why in a comment. */
  readonly gzip: number
  /** Modules of Node and peer dependencies that it imports statically: these and no others. */
  readonly imports?: readonly string[]
}

/** By entry, or by export of an entry. */
export const budgets: Readonly<Record<string, Budget>> = {
  // The stores raised by 2 to 4 kB: several cookies with one name, owner epochs, checks of clocks and own options.
  '{ CookieStore } from silverback': { gzip: 42_500 },
  '{ ServerStore } from silverback': { gzip: 49_500 },
  silverback: { gzip: 56_000, imports: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'] },
  'silverback/securecookie': { gzip: 32_600 },
  'silverback/gob': { gzip: 15_300 },
  'silverback/gorilla': {
    gzip: 64_000,
    imports: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'],
  },
  'silverback/migrate': { gzip: 20_100 },
  'silverback/memory': { gzip: 1_500 },
  // Raised by 700 in each backend with a driver, to keep what was sent to the server out of errors; redis also for
  // resent writes and a time limit, the SQL backends for rows of clients that are configured differently.
  'silverback/redis': { gzip: 6_000, imports: ['node:crypto'] },
  'silverback/filesystem': {
    // 5 kB, because folders are checked for other users who may write to them.
    gzip: 5_000,
    imports: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:timers/promises',
    ],
  },
  'silverback/postgres': { gzip: 4_800 },
  'silverback/sqlite': { gzip: 3_700 },
  'silverback/mysql': { gzip: 3_900, imports: ['node:buffer'] },
  'silverback/mongodb': { gzip: 2_600 },
  'silverback/memcached': { gzip: 2_900 },
  'silverback/tiered': { gzip: 2_000 },
  'silverback/migrating': { gzip: 2_600 },
  'silverback/resilient': { gzip: 2_500, imports: ['cockatiel'] },
  'silverback/deflate': { gzip: 5_800, imports: ['node:zlib'] },
  // Raised from 51,000: it has a suite for stores, too.
  'silverback/testing': { gzip: 57_500 },
  'silverback/unstorage': { gzip: 2_200 },
  'silverback/keyv': { gzip: 2_100 },
  'silverback/express-store': { gzip: 2_000 },
  'silverback/to-express-store': { gzip: 5_000 },
  'silverback/dynamodb': { gzip: 3_000 },
  // Raised by 1,400 in each adapter, which marks error pages itself if their sessions are not saved. In an app this
  // costs nothing: its store includes the same code.
  'silverback/node': { gzip: 5_600 },
  'silverback/web': { gzip: 4_400 },
  'silverback/express': { gzip: 5_500 },
  'silverback/connect': { gzip: 5_500 },
  'silverback/hono': { gzip: 4_200 },
  'silverback/fastify': { gzip: 4_400 },
  'silverback/koa': { gzip: 5_500 },
  'silverback/h3': { gzip: 4_300 },
  'silverback/h3v1': { gzip: 5_700 },
  'silverback/elysia': { gzip: 4_500 },
  'silverback/next': { gzip: 3_300 },
  'silverback/react-router': { gzip: 4_800 },
  'silverback/astro': { gzip: 4_500 },
  'silverback/testing/adapters': { gzip: 63_000, imports: ['node:http', 'node:net'] },
  'silverback/proxies': { gzip: 5_000 },
  'silverback/csrf': { gzip: 10_200 },
  'silverback/otel': { gzip: 1_500 },
  'silverback/express-session': { gzip: 25_000, imports: ['node:events'] },
  'silverback/sveltekit': { gzip: 4_400 },
}

/** Strings that show that code has leaked into a bundle, and the entries that may contain them. */
export const markers: Readonly<Record<string, readonly string[]>> = {
  'INSERT INTO': ['silverback/mysql', 'silverback/postgres', 'silverback/sqlite'],
  'redis.call': ['silverback/redis'],
  createIndexes: ['silverback/mongodb'],
  UpdateCommand: ['silverback/dynamodb'],
  'node:fs': ['silverback', 'silverback/filesystem', 'silverback/gorilla'],
  'node:http': ['silverback/testing/adapters'],
}
