/**
 * What is compared: our app, the app of the library that is closest to it, and the framework without sessions.
 *
 * @module
 */

export interface Pair {
  /** The part before the first hyphen is the framework. */
  readonly name: string
  readonly ours: Side
  readonly peer: Side
  /** The app of the framework without sessions. */
  readonly bare: Side
  readonly needsRedis?: true
}

/** One of the apps of a pair. */
export interface Side {
  /** The file in `apps/`, without its extension. */
  readonly app: string
  readonly title: string
}

const express = { app: 'express-bare', title: 'Express' }

export const pairs: readonly Pair[] = [
  {
    name: 'express-cookie',
    ours: { app: 'express-cookie', title: 'Express, CookieStore' },
    peer: { app: 'express-cookie-session', title: 'Express, cookie-session' },
    bare: express,
  },
  {
    name: 'express-memory',
    ours: { app: 'express-memory', title: 'Express, ServerStore(memory)' },
    peer: { app: 'express-express-session', title: 'Express, express-session' },
    bare: express,
  },
  {
    name: 'express-entry',
    ours: { app: 'express-entry', title: 'Express, silverback/express-session' },
    peer: { app: 'express-express-session', title: 'Express, express-session' },
    bare: express,
  },
  {
    name: 'express-redis',
    ours: { app: 'express-redis', title: 'Express, ServerStore(redis)' },
    peer: { app: 'express-connect-redis', title: 'Express, express-session, connect-redis' },
    bare: express,
    needsRedis: true,
  },
  {
    name: 'fastify-cookie',
    ours: { app: 'fastify-cookie', title: 'Fastify, CookieStore' },
    peer: { app: 'fastify-secure-session', title: 'Fastify, @fastify/secure-session' },
    bare: { app: 'fastify-bare', title: 'Fastify' },
  },
  {
    name: 'hono-cookie',
    ours: { app: 'hono-cookie', title: 'Hono, CookieStore' },
    peer: { app: 'hono-session', title: 'Hono, @hono/session' },
    bare: { app: 'hono-bare', title: 'Hono' },
  },
  {
    name: 'h3-cookie',
    ours: { app: 'h3-cookie', title: 'h3, CookieStore' },
    peer: { app: 'h3-use-session', title: 'h3, useSession' },
    bare: { app: 'h3-bare', title: 'h3' },
  },
  {
    name: 'node-memory',
    ours: { app: 'node-memory', title: 'node:http, ServerStore(memory)' },
    peer: { app: 'node-express-session', title: 'node:http, express-session' },
    bare: { app: 'node-bare', title: 'node:http' },
  },
]

/** The packages whose versions are listed with the results. */
export const measuredPackages = [
  'express',
  'express-session',
  'cookie-session',
  'connect-redis',
  'redis',
  'fastify',
  '@fastify/secure-session',
  'hono',
  '@hono/node-server',
  '@hono/session',
  'h3',
  'autocannon',
]

/** Returns the pairs whose name contains one of the parts, or all pairs if there are no parts. */
export function selectPairs(parts: readonly string[]): readonly Pair[] {
  if (parts.length === 0) return pairs
  const unknown = parts.find(part => !pairs.some(({ name }) => name.includes(part)))
  if (unknown !== undefined) {
    const names = pairs.map(({ name }) => name).join(', ')
    throw new RangeError(
      `no pair's name contains ${JSON.stringify(unknown)}; the pairs are ${names}`,
    )
  }
  return pairs.filter(({ name }) => parts.some(part => name.includes(part)))
}
