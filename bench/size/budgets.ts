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
  // All raised for errors that name cause and fix: the stores by 1,000, the others by 400.
  // The stores raised by 2 to 4 kB: several cookies with one name, owner epochs, checks of clocks and own options. By
  // 800 for saves that were not awaited and sessions that move in steps. 1,000 for warnings in development. 4,000 for
  // push, pull, reload, read-only sessions, deadlines and exclusive.
  // 3,000 for sessions in a header, attributes per request, devices, NODE_DEBUG and lists of all sessions.
  // 600 for observers, and for sessions that are read by their handles. 400 for comparing cached values as trees.
  '{ CookieStore } from silverback': { gzip: 50_700 },
  '{ ServerStore } from silverback': { gzip: 59_800 },
  silverback: { gzip: 67_000, imports: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'] },
  // 1,500 for the streams and the nested maps that Go treats differently.
  'silverback/securecookie': { gzip: 34_500 },
  'silverback/gob': { gzip: 15_700 },
  'silverback/gorilla': {
    gzip: 73_000,
    imports: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'],
  },
  'silverback/go/csrf': { gzip: 39_000 },
  // Stores: as large as a cookie store with gob.
  'silverback/go/redistore': { gzip: 69_800 },
  'silverback/go/rbcervilla-redisstore': { gzip: 63_900 },
  'silverback/go/pgstore': { gzip: 71_100 },
  'silverback/go/mysqlstore': { gzip: 71_500, imports: ['node:buffer'] },
  'silverback/go/sqlitestore': { gzip: 70_800 },
  'silverback/go/gormstore': { gzip: 71_900, imports: ['node:buffer'] },
  'silverback/go/xormstore': { gzip: 71_600, imports: ['node:buffer'] },
  'silverback/go/memcache': { gzip: 71_300 },
  'silverback/go/mongostore': { gzip: 69_900 },
  'silverback/go/dynastore': { gzip: 70_200 },
  'silverback/go/migrate': { gzip: 7_600 },
  // Raised by 3,000 for the readers of five more libraries.
  'silverback/migrate': { gzip: 23_500 },
  'silverback/memory': { gzip: 1_900 },
  // Raised by 700 in each backend with a driver, to keep what was sent to the server out of errors; redis also for
  // resent writes and a time limit, the SQL backends for rows of clients that are configured differently.
  'silverback/redis': { gzip: 6_400, imports: ['node:crypto'] },
  'silverback/filesystem': {
    // 5 kB, because folders are checked for other users who may write to them.
    gzip: 5_400,
    imports: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:timers/promises',
    ],
  },
  'silverback/postgres': { gzip: 5_200 },
  'silverback/sqlite': { gzip: 4_100 },
  'silverback/mysql': { gzip: 4_300, imports: ['node:buffer'] },
  'silverback/mongodb': { gzip: 3_000 },
  'silverback/memcached': { gzip: 3_300 },
  'silverback/tiered': { gzip: 2_400 },
  'silverback/migrating': { gzip: 3_000 },
  'silverback/resilient': { gzip: 2_900, imports: ['cockatiel'] },
  'silverback/devices': { gzip: 700, imports: ['bowser'] },
  'silverback/deflate': { gzip: 6_200, imports: ['node:zlib'] },
  // Raised from 51,000: it has a suite for stores, too. By 3,000 for the cases of reload, read-only and exclusive,
  // by 4,000 for the helpers for apps, and by 500 for the cases of pages.
  'silverback/testing': { gzip: 75_300 },
  'silverback/unstorage': { gzip: 2_600 },
  'silverback/keyv': { gzip: 2_500 },
  'silverback/express-store': { gzip: 2_400 },
  'silverback/to-express-store': { gzip: 5_400 },
  // Raised by 200 for pages.
  'silverback/dynamodb': { gzip: 3_600 },
  // Raised by 1,400 in each adapter, which marks error pages itself if their sessions are not saved. In an app this
  // costs nothing: its store includes the same code. Raised by 300 once more, and the stores by 500, so that copies of
  // the library in one process share the sessions of a request. By 500 for warnings, and in those that hold responses
  // of Node by another 1,000, so that a held one behaves as Node's own.
  // By another 600 to 900 for warnings in development.
  // By 600 for sessions in a header, and NODE_DEBUG. By 200 for lazy loading. By 100 for responses to refused requests.
  // The guards are paid for only by apps that use them, so that `sessions` alone has a budget, too; of an adapter as a
  // whole, most is the cryptography of tokens, which a store includes anyway.
  '{ sessions } from silverback/node': { gzip: 9_400 },
  'silverback/node': { gzip: 19_100 },
  '{ sessions } from silverback/web': { gzip: 7_200 },
  'silverback/web': { gzip: 16_900 },
  '{ sessions } from silverback/express': { gzip: 9_400 },
  'silverback/express': { gzip: 19_100 },
  '{ sessions } from silverback/connect': { gzip: 9_400 },
  'silverback/connect': { gzip: 19_100 },
  '{ sessions } from silverback/hono': { gzip: 7_300, imports: ['hono/http-exception'] },
  'silverback/hono': { gzip: 17_000, imports: ['hono/http-exception'] },
  '{ sessions } from silverback/fastify': { gzip: 7_500 },
  'silverback/fastify': { gzip: 17_200 },
  '{ sessions } from silverback/koa': { gzip: 9_400 },
  'silverback/koa': { gzip: 19_100 },
  '{ sessions } from silverback/h3': { gzip: 7_100 },
  'silverback/h3': { gzip: 16_800 },
  '{ sessions } from silverback/h3v1': { gzip: 9_700 },
  'silverback/h3v1': { gzip: 19_400 },
  '{ sessions } from silverback/elysia': { gzip: 7_300 },
  'silverback/elysia': { gzip: 17_000 },
  '{ sessions } from silverback/next': { gzip: 5_100 },
  'silverback/next': { gzip: 16_800 },
  '{ sessions } from silverback/react-router': { gzip: 7_600 },
  'silverback/react-router': { gzip: 17_300 },
  '{ sessions } from silverback/astro': { gzip: 7_200 },
  'silverback/astro': { gzip: 16_900 },
  // Raised by 2,000 for the cases of lazy loading and of guards.
  // 200 for cases that wait for events instead of the clock.
  'silverback/testing/adapters': { gzip: 78_700, imports: ['node:http', 'node:net'] },
  'silverback/proxies': { gzip: 5_400 },
  'silverback/csrf': { gzip: 10_600 },
  // Pages, a style and a script, and what reads a session of any store.
  'silverback/inspector': { gzip: 47_000 },
  'silverback/otel': { gzip: 1_900 },
  'silverback/express-session': { gzip: 30_400, imports: ['node:events'] },
  '{ sessions } from silverback/sveltekit': { gzip: 7_200 },
  'silverback/sveltekit': { gzip: 16_900 },
}

/** Strings that show that code has leaked into a bundle, and the entries that may contain them. */
export const markers: Readonly<Record<string, readonly string[]>> = {
  'INSERT INTO': [
    'silverback/go/gormstore',
    'silverback/go/mysqlstore',
    'silverback/go/pgstore',
    'silverback/go/sqlitestore',
    'silverback/go/xormstore',
    'silverback/mysql',
    'silverback/postgres',
    'silverback/sqlite',
  ],
  'redis.call': [
    'silverback/go/rbcervilla-redisstore',
    'silverback/go/redistore',
    'silverback/redis',
  ],
  createIndexes: ['silverback/mongodb'],
  UpdateCommand: ['silverback/dynamodb'],
  'node:fs': ['silverback', 'silverback/filesystem', 'silverback/gorilla'],
  'node:http': ['silverback/testing/adapters'],
}
