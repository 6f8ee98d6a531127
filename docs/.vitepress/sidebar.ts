import { readdirSync, readFileSync } from 'node:fs'
import type { DefaultTheme } from 'vitepress'

/** The pages in reading order. tools/check-site.mjs reports a page that no reader would find. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  section('Getting started', {
    'Your first session': '/getting-started',
    'The session lifecycle': '/sessions',
    'Sessions on the server': '/server-store',
    'CommonJS, Jest, Vitest': '/modules',
  }),
  section('Guides', {
    'Sign-in and sign-out': '/guides/sign-in',
    'Remember me': '/guides/remember-me',
    'Devices, log out elsewhere': '/guides/devices',
    'Guest to user': '/guides/guest-to-user',
    'Events and WebSockets': '/guides/live-connections',
    'Flash messages and forms': '/flash',
    Guards: '/guards',
    'Cross-site requests': '/csrf',
    'Subdomains and tenants': '/subdomains',
    'Mobile apps and API clients': '/api-clients',
    'Testing an app': '/testing',
  }),
  section('Stores and backends', {
    'Choosing a store': '/choosing-a-store',
    'Choosing a backend': '/backends/',
    Redis: '/backends/redis',
    PostgreSQL: '/backends/postgres',
    MySQL: '/backends/mysql',
    SQLite: '/backends/sqlite',
    MongoDB: '/backends/mongodb',
    DynamoDB: '/backends/dynamodb',
    memcached: '/backends/memcached',
    Files: '/backends/filesystem',
    unstorage: '/backends/unstorage',
    Keyv: '/backends/keyv',
    'Stores of express-session': '/backends/express-session',
    'Composing backends': '/composition',
    'Writing a store': '/custom-stores',
  }),
  section('Frameworks', {
    'All adapters': '/adapters/',
    Express: '/adapters/express',
    Fastify: '/adapters/fastify',
    Hono: '/adapters/hono',
    Koa: '/adapters/koa',
    'Next.js': '/adapters/next',
    'React Router': '/adapters/react-router',
    SvelteKit: '/adapters/sveltekit',
    Astro: '/adapters/astro',
    NestJS: '/adapters/nest',
    'h3 v2': '/adapters/h3',
    'Nuxt and h3 v1': '/adapters/h3v1',
    Elysia: '/adapters/elysia',
    Connect: '/adapters/connect',
    Node: '/adapters/node',
    'Bun, Deno, Workers': '/adapters/web',
    tRPC: '/adapters/trpc',
    ws: '/adapters/ws',
    'Socket.IO': '/adapters/socket.io',
  }),
  section('Going to production', {
    'A checklist': '/production',
    Compatibility: '/compatibility',
    'Behind a proxy': '/proxies',
    'The size of cookies': '/cookie-size',
    Observability: '/observability',
    'The inspector': '/inspector',
    'Security policy': '/project/security',
    'ASVS 5.0': '/security/asvs',
  }),
  section('How it works', {
    'How it works': '/how-it-works',
    'Codecs, keys, serializers': '/codecs',
    'The sealed format': '/format-sealed',
    'Concurrent requests': '/concurrency',
    'Speed and concurrency': '/performance',
    'How it is measured': '/project/benchmarks',
    'Results: calls': '/project/benchmarks-in-process',
    'Results: whole requests': '/project/benchmarks-http',
    'Results: a million sessions': '/project/benchmarks-scale',
  }),
  section('Moving to Silverback', {
    'Compared with other libraries': '/comparison',
    'Without signing anybody out': '/migrating',
    ...folder('migrate'),
    'Replacing express-session': '/express-session',
    'Sharing sessions with Go': '/gorilla',
    "Go's community stores": '/go/stores',
  }),
  section('Command line', folder('cli')),
  section('Reference', {
    Options: '/reference/options',
    'Cookie attributes': '/reference/cookie-attributes',
    Errors: '/errors',
    API: '/api/',
    Dependencies: '/dependencies',
    'Sizes of the imports': '/sizes',
    'Adapter test cases': '/adapters/cases',
    Contributing: '/project/contributing',
    Changelog: '/project/changelog',
  }),
]

function section(text: string, links: Readonly<Record<string, string>>): DefaultTheme.SidebarItem {
  const items = Object.entries(links).map(([text, link]) => ({ text, link }))
  return { text, collapsed: false, items }
}

/** The pages of a folder by their titles. */
function folder(name: string): Record<string, string> {
  const files = readdirSync(new URL(`../${name}/`, import.meta.url))
    .filter(file => file.endsWith('.md'))
    .sort()
  return Object.fromEntries(
    files.map(file => {
      const page = readFileSync(new URL(`../${name}/${file}`, import.meta.url), 'utf8')
      const [, title = file] = /^# (.*)$/m.exec(page) ?? []
      return [title.replaceAll('`', ''), `/${name}/${file.replace(/README\.md$|\.md$/, '')}`]
    }),
  )
}
