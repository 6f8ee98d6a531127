/**
 * Starts an app of `test/adapters/apps/wrapped-app.ts` in a process that a package instruments, and prints its
 * origin. The packages change modules of Node, or keep the process alive.
 *
 *     instrumented-app.ts PROJECT PACKAGE express|node SOURCE IS-FIRST
 */

import { createRequire } from 'node:module'
import type { Middleware } from '../../adapters/apps/response-middleware.ts'

const [project, name, framework, source, isFirst] = process.argv.slice(2) as string[]
const load = createRequire(`${project}/package.json`)

/** The statuses of the responses whose trace has ended. */
const statuses: unknown[] = []

interface Span {
  isRecording(): boolean
  readonly attributes: Record<string, unknown>
}

/** Each starts a package and returns middleware. */
const packages: Record<string, () => Middleware> = {
  OpenTelemetry() {
    const { trace } = load('@opentelemetry/api')
    const { NodeTracerProvider } = load('@opentelemetry/sdk-trace-node')
    const { HttpInstrumentation } = load('@opentelemetry/instrumentation-http')
    const recorder = {
      onStart() {},
      onEnd: ({ attributes }: Span) => {
        statuses.push(attributes['http.response.status_code'] ?? attributes['http.status_code'])
      },
      async shutdown() {},
      async forceFlush() {},
    }
    new NodeTracerProvider({ spanProcessors: [recorder] }).register()
    new HttpInstrumentation()
    return showTrace(() => trace.getActiveSpan())
  },
  Sentry() {
    const sentry = load('@sentry/node')
    sentry.init({
      dsn: 'https://key@sentry.invalid/1',
      transport: () => ({ send: async () => ({}), flush: async () => true }),
      tracesSampleRate: 1,
      // Reports a request as one event, once its response has ended.
      traceLifecycle: 'static',
      beforeSendTransaction(event: { contexts: { response?: { status_code: number } } }) {
        statuses.push(event.contexts.response?.status_code)
        return event
      },
    })
    return showTrace(() => sentry.getActiveSpan())
  },
  'express-status-monitor': () => load('express-status-monitor')(),
}

/** Shows in a header that the request is traced, and lists the traces that have ended at `/traces`. */
function showTrace(activeSpan: () => Span | undefined): Middleware {
  return (request, response, next) => {
    if (activeSpan()?.isRecording()) response.setHeader('X-Traced', 'yes')
    if (request.url === '/traces') response.end(JSON.stringify(statuses))
    else next()
  }
}

const middleware = packages[name as string]?.() as Middleware
// After the package, which has to change `node:http` first.
const { sources, startExpress, startNode } = await import('../../adapters/apps/wrapped-app.ts')
const start = framework === 'express' ? startExpress : startNode
const app = await start([middleware], sources[source as string]?.(), isFirst === 'true')
console.log(app.origin)
