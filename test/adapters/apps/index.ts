/** The adapters that the suite runs for. */

import {
  type AdapterCaseName,
  adapterCaseNames,
  type Exceptions,
  type StartApp,
  withoutNodeResponse,
} from 'silverback/testing/adapters'
import { astro } from './astro.ts'
import { startConnect } from './connect.ts'
import { startElysia } from './elysia.ts'
import { startExpress, startExpress4 } from './express.ts'
import { startFastify } from './fastify.ts'
import { startH3 } from './h3.ts'
import { startH3v1 } from './h3v1.ts'
import { startHono } from './hono.ts'
import { startKoa } from './koa.ts'
import { loadNext, startNext } from './next.ts'
import { startNode } from './node.ts'
import { importReactRouter8, startReactRouter } from './react-router.ts'
import { runtimes } from './runtimes.ts'
import { svelteKit } from './sveltekit.ts'
import { startWeb } from './web.ts'

/** An adapter and the framework that it is tested in. */
export interface TestedAdapter {
  readonly framework: string
  /** Name under which the framework is installed. Left out: it is the runtime itself. */
  readonly installed?: string
  /** Where it has packages of its own: the folder of their lockfile. */
  readonly project?: string
  /** Done once, before the first app starts. */
  prepare?(): Promise<unknown>
  /** Subpath of the package, and name of its page. */
  readonly entry: string
  readonly start: StartApp
  readonly cannot: Exceptions
}

const nonErrors: AdapterCaseName =
  'something thrown that is no Error is a 500 that keeps the session'

const ownRequest = 'loaders and actions get a Request of their own'
const withOwnRequest: Exceptions = {
  'the session is the one that the store gets for this request': ownRequest,
  'a session got in the handler is saved with the others': ownRequest,
  'all sessions of a request are in one registry': ownRequest,
  'one name in two stores is a 500': ownRequest,
}

const reactRouterCannot: Exceptions = {
  ...withoutNodeResponse,
  'a client that leaves before the answer: its change is kept':
    'React Router no longer waits for a loader whose client has left',
}

const noBackPressure = '@astrojs/node does not wait for a client that does not read'
const astroCannot: Exceptions = {
  ...withoutNodeResponse,
  'a slow reader slows the handler down': noBackPressure,
  'a client that leaves in the middle of a stream: the server goes on': noBackPressure,
}

const noHeaders = 'a jar of cookies sets no other headers'
const noCookies = 'Next.js answers an error without the cookies of the handler'
const nextCannot: Exceptions = {
  ...withoutNodeResponse,
  'Vary: Cookie, also when nothing was changed': noHeaders,
  'Vary keeps what is there': noHeaders,
  'a response with a session cookie is kept out of caches': noHeaders,
  'cookies of others are kept, in their order': 'Next.js adds a path to those that have none',
  'of two cookies of the name the first counts': 'the jar has the last one',
  'a session got in the handler is saved with the others': 'what is not opened is not saved',
  'a thrown error is a 500 that keeps the session': noCookies,
  'a rejected promise is a 500 that keeps the session': noCookies,
  [nonErrors]: noCookies,
  "saveOnError: 'discard' forgets them on an answer of 503 as well": 'handlers save by themselves',
}

export const adapters: Readonly<Record<string, TestedAdapter>> = {
  node: { framework: 'node:http', entry: 'node', start: startNode, cannot: {} },
  web: { framework: 'web', entry: 'web', start: startWeb, cannot: withoutNodeResponse },
  express: {
    framework: 'Express',
    installed: 'express',
    entry: 'express',
    start: startExpress,
    cannot: {},
  },
  express4: {
    framework: 'Express',
    installed: 'express4',
    entry: 'express',
    start: startExpress4,
    cannot: {},
  },
  connect: {
    framework: 'Connect',
    installed: 'connect',
    entry: 'connect',
    start: startConnect,
    cannot: {},
  },
  fastify: {
    framework: 'Fastify',
    installed: 'fastify',
    entry: 'fastify',
    start: startFastify,
    cannot: withoutNodeResponse,
  },
  koa: { framework: 'Koa', installed: 'koa', entry: 'koa', start: startKoa, cannot: {} },
  hono: {
    framework: 'Hono',
    installed: 'hono',
    entry: 'hono',
    start: startHono,
    cannot: {
      ...withoutNodeResponse,
      [nonErrors]: 'Hono lets it pass all middleware, and answers nothing',
    },
  },
  h3: {
    framework: 'h3',
    installed: 'h3',
    entry: 'h3',
    start: startH3,
    cannot: withoutNodeResponse,
  },
  h3v1: { framework: 'h3', installed: 'h3v1', entry: 'h3v1', start: startH3v1, cannot: {} },
  elysia: {
    framework: 'Elysia',
    installed: 'elysia',
    entry: 'elysia',
    start: startElysia,
    cannot: withoutNodeResponse,
  },
  sveltekit2: {
    framework: 'SvelteKit',
    project: 'test/projects/sveltekit2',
    installed: '@sveltejs/kit',
    entry: 'sveltekit',
    ...svelteKit('test/projects/sveltekit2'),
    cannot: withoutNodeResponse,
  },
  sveltekit: {
    framework: 'SvelteKit',
    project: 'examples/sveltekit',
    installed: '@sveltejs/kit',
    entry: 'sveltekit',
    ...svelteKit('examples/sveltekit'),
    cannot: withoutNodeResponse,
  },
  astro5: {
    framework: 'Astro',
    project: 'test/projects/astro5',
    installed: 'astro',
    entry: 'astro',
    ...astro('test/projects/astro5'),
    cannot: astroCannot,
  },
  astro: {
    framework: 'Astro',
    project: 'examples/astro',
    installed: 'astro',
    entry: 'astro',
    ...astro('examples/astro'),
    cannot: astroCannot,
  },
  reactRouter: {
    framework: 'React Router',
    installed: 'react-router',
    entry: 'react-router',
    start: startReactRouter(() => import('react-router')),
    cannot: { ...reactRouterCannot, ...withOwnRequest },
  },
  reactRouter8: {
    framework: 'React Router',
    installed: 'react-router',
    project: 'examples/react-router',
    entry: 'react-router',
    start: startReactRouter(importReactRouter8),
    cannot: reactRouterCannot,
  },
  next: {
    framework: 'Next.js',
    installed: 'next',
    project: 'examples/next',
    entry: 'next',
    prepare: loadNext,
    start: startNext,
    cannot: nextCannot,
  },
}

/** A table of cases and adapters, in Markdown: what the suite makes sure of. */
export function caseTable(versionOf: (adapter: TestedAdapter) => string): string {
  const columns = [
    ...Object.values(adapters).map(adapter => ({
      ...adapter,
      version: adapter.installed ? ` ${versionOf(adapter)}` : '',
    })),
    ...runtimes.map(({ framework, cannot }) => ({ framework, entry: 'web', cannot, version: '' })),
  ]
  const reasons = [...new Set(columns.flatMap(({ cannot }) => Object.values(cannot)))]
  const heads = columns.map(({ framework, entry, version }) => {
    return `[${framework}${version}](${entry}.md)`
  })
  const rows = adapterCaseNames.map(name => {
    const cells = columns.map(({ cannot }) => {
      const reason = cannot[name]
      return reason ? `(${reasons.indexOf(reason) + 1})` : '✓'
    })
    return [name, ...cells]
  })
  return [['', ...heads], ['---', ...columns.map(() => ':-:')], ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .concat('', ...reasons.map((reason, index) => `(${index + 1}) ${reason}.`))
    .join('\n')
}
