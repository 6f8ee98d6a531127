/** The adapters that the suite tests. */

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

/** An adapter and the framework in which it is tested. */
export interface TestedAdapter {
  readonly framework: string
  /** The package name of the framework. Missing if the runtime is the framework. */
  readonly installed?: string
  /** The folder of the framework's own lockfile, if it has one. */
  readonly project?: string
  /** Called once, before the first app starts. */
  prepare?(): Promise<unknown>
  /** The subpath of our package, and the name of its page in the docs. */
  readonly entry: string
  readonly start: StartApp
  readonly cannot: Exceptions
}

const nonErrors: AdapterCaseName = 'responds with 500 and saves the session after a thrown string'

const ownRequest = 'loaders and actions receive a new Request'
const withOwnRequest: Exceptions = {
  'uses the session that store.get returns for the request': ownRequest,
  'saves a session that the handler loads itself': ownRequest,
  'keeps all sessions of a request in one registry': ownRequest,
  'responds with 500 if two stores use the same name': ownRequest,
}

const reactRouterCannot: Exceptions = {
  ...withoutNodeResponse,
  'saves although the client leaves before the response':
    'React Router does not wait for a loader once the client has left',
}

const noBackPressure = '@astrojs/node ignores back-pressure'
const astroCannot: Exceptions = {
  ...withoutNodeResponse,
  'applies back-pressure of a slow client to the handler': noBackPressure,
  'stops a stream whose client leaves': noBackPressure,
}

const noHeaders = 'a cookie jar can set no other headers'
const noCookies = 'Next.js drops the cookies of a handler that throws'
const nextCannot: Exceptions = {
  ...withoutNodeResponse,
  'sets Vary: Cookie even if nothing changes': noHeaders,
  'keeps refusals out of caches: requireLogin': noHeaders,
  'sets Vary: Cookie with lazy only if a session was loaded': noHeaders,
  'keeps existing Vary fields': noHeaders,
  'sets Cache-Control: no-store with a session cookie': noHeaders,
  'carries sessions in a header of their own': noHeaders,
  'sets and deletes cookies with attributes that depend on the request':
    'a cookie jar does not show the request',
  'keeps other cookies in their order': 'Next.js adds a path to cookies without one',
  'uses the first of two cookies with the same name that opens':
    'the cookie jar has only the last one',
  'saves a session that the handler loads itself': 'only opened sessions are saved',
  'responds with 500 and saves the session after a thrown error': noCookies,
  'responds with 500 and saves the session after a rejected promise': noCookies,
  [nonErrors]: noCookies,
  "does not save a 503 response with saveOnError: 'discard'": 'handlers save sessions themselves',
  "forbids caching of the error page with saveOnError: 'discard'":
    'the error page carries no headers of the handler',
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
      [nonErrors]: 'Hono does not handle thrown values that are not errors',
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

/** The Markdown table of cases and adapters. */
export function caseTable(versionOf: (adapter: TestedAdapter) => string): string {
  const columns = [
    ...Object.values(adapters).map(adapter => ({
      ...adapter,
      version: adapter.installed ? ` ${versionOf(adapter)}` : '',
    })),
    ...runtimes.map(({ framework, cannot }) => ({ framework, entry: 'web', cannot, version: '' })),
  ]
  const reasons = [...new Set(columns.flatMap(({ cannot }) => Object.values(cannot)))]
  const headings = columns.map(({ framework, entry, version }) => {
    return `[${framework}${version}](${entry}.md)`
  })
  const rows = adapterCaseNames.map(name => {
    const cells = columns.map(({ cannot }) => {
      const reason = cannot[name]
      return reason ? `(${reasons.indexOf(reason) + 1})` : '✓'
    })
    return [name, ...cells]
  })
  return [['', ...headings], ['---', ...columns.map(() => ':-:')], ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .concat('', ...reasons.map((reason, index) => `(${index + 1}) ${reason}.`))
    .join('\n')
}
