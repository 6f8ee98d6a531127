/**
 * The module that configures the store and defines the session.
 *
 * @module
 */

import type { TypesOnly } from './dialect.ts'
import type { Framework, Project, StoreKind } from './project.ts'

/** What a store needs in addition to the library. */
export interface StoreSetup {
  /** Import statements. */
  readonly imports: readonly string[]
  /** Statements that declare `backend`. Empty for the cookie store. */
  readonly backend: string
  readonly dependencies: readonly string[]
  readonly types: readonly string[]
  /** Environment variables with values for development. */
  readonly variables: readonly (readonly [name: string, value: string])[]
  /** Lines for `.gitignore`. */
  readonly ignored: readonly string[]
  readonly label: string
}

const prune = `
// Expired records take space until they are pruned.
setInterval(() => backend.prune().catch(console.error), 3_600_000).unref();
`
const ensureSchema = 'backend.ensureSchema().catch(console.error); // creates the table\n'
const nothing = { dependencies: [], types: [], variables: [], ignored: [] }

/** Labels of the stores, for a choice. */
export const storeLabels: Readonly<Record<StoreKind, string>> = {
  cookie: 'Encrypted cookies: no database',
  memory: 'Memory: one process; a restart ends all sessions',
  file: 'Files: one machine',
  sqlite: 'SQLite: one machine',
  redis: 'Redis or Valkey',
  postgres: 'PostgreSQL',
}

/** Returns what a store needs, with the client that the project has already, if it has one. */
export function storeSetup(kind: StoreKind, project: Project, ts: TypesOnly): StoreSetup {
  const { dependencies, node } = project
  const label = storeLabels[kind]
  switch (kind) {
    case 'cookie':
      return { ...nothing, label, imports: [], backend: '' }
    case 'memory':
      return {
        ...nothing,
        label,
        imports: ["import { memory } from 'silverback/memory';"],
        backend: 'const backend = memory();\n',
      }
    case 'file':
      return {
        ...nothing,
        label,
        imports: ["import { filesystem } from 'silverback/filesystem';"],
        backend: `const backend = filesystem(process.env.SESSION_FOLDER ?? '.sessions');\n${prune}`,
        ignored: ['.sessions'],
      }
    case 'sqlite': {
      const hasBuiltIn = node[0] > 22 || (node[0] === 22 && node[1] >= 13)
      const client =
        ['better-sqlite3', 'libsql'].find(name => dependencies.has(name)) ??
        (hasBuiltIn ? 'node:sqlite' : 'libsql')
      const [name, statement] =
        client === 'node:sqlite'
          ? ['DatabaseSync', "import { DatabaseSync } from 'node:sqlite';"]
          : ['Database', `import Database from '${client}';`]
      return {
        ...nothing,
        label,
        imports: [statement, "import { sqlite } from 'silverback/sqlite';"],
        backend: `const backend = sqlite(new ${name}(process.env.SESSION_DATABASE ?? 'sessions.db'));\n${ensureSchema}${prune}`,
        dependencies: client === 'node:sqlite' ? [] : [client],
        types: client === 'better-sqlite3' ? ['@types/better-sqlite3'] : [],
        ignored: ['sessions.db*'],
      }
    }
    case 'redis': {
      const usesNodeRedis = dependencies.has('redis') && !dependencies.has('ioredis')
      const backend = usesNodeRedis
        ? `const client = createClient({ url: process.env.REDIS_URL${ts('!')} });
client.on('error', error => console.error('Redis:', error.message));
client.connect().catch(console.error);
const backend = redis(client);
`
        : // Next.js and SvelteKit load the module while they build.
          `const client = new Redis(process.env.REDIS_URL${ts('!')}, { lazyConnect: true });
client.on('error', error => console.error('Redis:', error.message));
const backend = redis(client);
`
      return {
        ...nothing,
        label,
        imports: [
          usesNodeRedis
            ? "import { createClient } from 'redis';"
            : "import { Redis } from 'ioredis';",
          "import { redis } from 'silverback/redis';",
        ],
        backend,
        dependencies: [usesNodeRedis ? 'redis' : 'ioredis'],
        variables: [['REDIS_URL', 'redis://localhost:6379']],
      }
    }
    case 'postgres':
      return {
        ...nothing,
        label,
        imports: ["import { Pool } from 'pg';", "import { postgres } from 'silverback/postgres';"],
        backend: `const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.on('error', console.error); // idle connections that the server closes
const backend = postgres(pool);
${ensureSchema}${prune}`,
        dependencies: ['pg'],
        types: ['@types/pg'],
        variables: [['DATABASE_URL', 'postgres://postgres@localhost:5432/postgres']],
      }
  }
}

/** Returns the module of a framework that exports `store` and `login`. */
export function sessionsModule(
  framework: Framework,
  { imports, backend }: StoreSetup,
  ts: TypesOnly,
  { isBun }: { isBun: boolean },
): string {
  // Next.js loads .env itself. SvelteKit and Next.js load the module while they build, perhaps without keys.
  const loadsEnv = framework !== 'next'
  const isLazy = framework === 'next' || framework === 'sveltekit'
  const keys = `[process.env.SESSION_KEY${ts('!')}]`
  const isServer = backend !== ''
  const store = isServer ? 'ServerStore' : 'CookieStore'
  const names = [
    ...(isServer ? [] : ['CookieStore']),
    'defineSession',
    ...(isServer ? ['ServerStore'] : []),
    ...(framework === 'sveltekit' && ts('type') ? ['type SessionOf'] : []),
  ]
  const statements = [
    ...(loadsEnv ? ["import { existsSync } from 'node:fs';"] : []),
    ...(framework === 'next' ? ["import { cookies } from 'next/headers';"] : []),
    `import { ${names.join(', ')} } from 'silverback';`,
    ...imports,
    ...(framework === 'next' ? ["import { sessions } from 'silverback/next';"] : []),
  ]
  const load = isBun ? 'process.loadEnvFile?.()' : 'process.loadEnvFile()'
  return `${statements.join('\n')}
${loadsEnv ? `\n// Variables that are set already keep their values.\nif (existsSync('.env')) ${load};\n` : ''}${ts(`
/** The values of a session. Its owner, the user who signed in, is session.owner. */
export interface Login {
  visits?: number;
}
`)}${isServer ? `\n${backend}` : ''}
${isServer ? '' : '// Signing out deletes the cookie in the browser. The option revocation ends copies of it, too.\n'}export const store = new ${store}(${isServer ? 'backend, ' : ''}{
  keys: ${isLazy ? `() => ${keys}` : keys}, // to rotate them: [newest, older]
  // Secure in production; otherwise only if the request arrived over TLS.
  options: { secure: process.env.NODE_ENV === 'production' || 'auto' },
});

export const login = defineSession${ts('<Login>')}(store, 'login');
${framework === 'next' ? '\nexport const logins = sessions(login, { cookies });\n' : ''}${
  framework === 'sveltekit'
    ? ts(`
declare global {
  namespace App {
    interface Locals {
      session: SessionOf<typeof login>;
    }
  }
}
`)
    : ''
}`
}
