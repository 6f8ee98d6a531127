/** The adapters that the suite runs for. */

import {
  type AdapterCaseName,
  adapterCaseNames,
  type Exceptions,
  type StartApp,
  withoutNodeResponse,
} from 'silverback/testing/adapters'
import { startConnect } from './connect.ts'
import { startElysia } from './elysia.ts'
import { startExpress, startExpress4 } from './express.ts'
import { startFastify } from './fastify.ts'
import { startH3 } from './h3.ts'
import { startH3v1 } from './h3v1.ts'
import { startHono } from './hono.ts'
import { startKoa } from './koa.ts'
import { startNode } from './node.ts'
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
}

/** A table of cases and adapters, in Markdown: what the suite makes sure of. */
export function caseTable(versionOf: (adapter: TestedAdapter) => string): string {
  const columns = Object.values(adapters)
  const reasons = [...new Set(columns.flatMap(({ cannot }) => Object.values(cannot)))]
  const heads = columns.map(adapter => {
    const version = adapter.installed ? ` ${versionOf(adapter)}` : ''
    return `[${adapter.framework}${version}](${adapter.entry}.md)`
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
