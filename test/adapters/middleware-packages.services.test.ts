/** Packages that change the responses of a whole process, and `@fastify/express`, work with sessions. */

import assert from 'node:assert/strict'
import { suite } from 'node:test'
import { fileURLToPath } from 'node:url'
import { start } from '../support/processes/process.ts'
import { installProject, needsProject } from '../support/projects/projects.ts'
import { until } from '../support/until.ts'
import { startFastifyExpress } from './apps/wrapped-app.ts'
import {
  type Case,
  cases,
  expressCases,
  get,
  here,
  middlewareSuite,
  type Start,
} from './middleware-suite.ts'

const allCases = { ...cases, ...expressCases }
const packages = 'test/projects/middleware'
const program = fileURLToPath(new URL('../support/processes/instrumented-app.ts', import.meta.url))

/** Starts an app in a process of its own, which the package changes. */
const inProcess =
  (framework: string): Start =>
  async (name, source = '', isFirst = false) => {
    const args = [program, installProject(packages), name, framework, source, String(isFirst)]
    const { match, stop } = await start(process.execPath, args, /^http:.*/)
    return { origin: match[0], close: stop }
  }

/** That the package traces requests: in the middleware, and to the end of the response. */
const traces: Record<string, Case> = {
  async 'a trace'(send, origin) {
    const response = await get('/head')(send, origin)
    assert.equal(response.headers['x-traced'], 'yes')
    await until('the trace has ended', async () => {
      const { body } = await get('/traces')(send, origin)
      return JSON.parse(String(body)).includes(201)
    })
    return response
  },
}

suite('packages that change the process', needsProject(packages), () => {
  const traced = { ...cases, ...traces }
  middlewareSuite('Express', {
    start: inProcess('express'),
    requests: { ...traced, ...expressCases },
    middleware: ['OpenTelemetry', 'Sentry'],
  })
  middlewareSuite('node:http', {
    start: inProcess('node'),
    requests: traced,
    middleware: ['OpenTelemetry', 'Sentry'],
  })
  middlewareSuite('Express', {
    start: inProcess('express'),
    requests: allCases,
    middleware: ['express-status-monitor'],
  })
})

suite('a router inside @fastify/express', needsProject(packages), () => {
  middlewareSuite('@fastify/express', {
    start: here((...args) => startFastifyExpress(installProject(packages), ...args)),
    requests: allCases,
    middleware: ['no other middleware', 'helmet', 'on-headers that changes the status'],
  })
})
