/**
 * OpenTelemetry spans and metrics for sessions.
 *
 * The app passes the tracer and the meter, so this module does not import OpenTelemetry.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import { assertKnownOptions } from '../lib/assert-options.ts'
import type { Hooks } from '../session/events.ts'

/** Attributes of spans and metrics. */
export type Attributes = Record<string, string | number | boolean>

/** The subset of OpenTelemetry's `Span` that we use. */
export interface SpanLike {
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(endTime?: number): void
}

/** The subset of OpenTelemetry's `Tracer` that we use: `trace.getTracer('app')`. */
export interface TracerLike {
  startSpan(name: string, options: { attributes?: Attributes; startTime?: number }): SpanLike
}

/** The subset of OpenTelemetry's `Meter` that we use: `metrics.getMeter('app')`. */
export interface MeterLike {
  createCounter(name: string, options: { description: string; unit: string }): Counter
  createHistogram(name: string, options: { description: string; unit: string }): Histogram
}

/** The subset of OpenTelemetry's `Counter` that we use. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** The subset of OpenTelemetry's `Histogram` that we use. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

/** Options of {@link telemetry}. Both are optional. */
export interface TelemetryOptions {
  /** Creates the spans. Default: no spans. */
  tracer?: TracerLike
  /** Creates the metrics. Default: no metrics. */
  meter?: MeterLike
}

/** Hooks for a store, and a wrapper for its backend. */
export interface Telemetry {
  /** Spread these into the options of a store. */
  readonly hooks: Required<Hooks>
  /** Wraps a backend so that each of its operations is measured. */
  backend<B extends Backend>(backend: B): B
}

/** OpenTelemetry's `SpanStatusCode.ERROR`. */
const errorStatus = 2

/**
 * Reports to OpenTelemetry which sessions are read, saved, rejected and revoked, and the duration of backend
 * operations. Reports no secrets: only session names, reasons and numbers.
 *
 *     const { hooks, backend } = telemetry({ tracer: trace.getTracer('app'), meter: metrics.getMeter('app') })
 *     const store = new ServerStore(backend(redis(client)), { keys, ...hooks })
 *
 * Throws a TypeError for an unknown option.
 */
export function telemetry(options: TelemetryOptions): Telemetry {
  assertKnownOptions('telemetry', options, ['tracer', 'meter'])
  const { tracer, meter } = options
  const metrics = meter && instruments(meter)
  const span = (name: string, durationMs: number, attributes: Attributes, error?: Error): void => {
    const end = Date.now()
    const started = tracer?.startSpan(name, { attributes, startTime: end - durationMs })
    if (error) started?.setStatus({ code: errorStatus, message: error.message })
    started?.end(end)
  }
  return {
    hooks: {
      onSession({ name, store, reason = 'none', fromCache, durationMs }) {
        const attributes = {
          'session.name': name,
          'session.store': store,
          'session.reason': reason,
        }
        metrics?.reads.record(durationMs / 1000, attributes)
        span('session read', durationMs, { ...attributes, 'session.from_cache': fromCache })
      },
      onReject({ name, store, reason }) {
        const attributes = {
          'session.name': name,
          'session.store': store,
          'session.reason': reason,
        }
        metrics?.rejects.add(1, attributes)
      },
      onSave({ name, store, outcome, conflicts, durationMs }) {
        const attributes = {
          'session.name': name,
          'session.store': store,
          'session.outcome': outcome,
        }
        metrics?.saves.record(durationMs / 1000, attributes)
        if (conflicts > 0) metrics?.conflicts.add(conflicts, attributes)
        span('session save', durationMs, { ...attributes, 'session.conflicts': conflicts })
      },
      onRevoke({ store, what, count }) {
        const attributes = { 'session.store': store, 'session.revoked': what }
        metrics?.revocations.add(count ?? 1, attributes)
      },
      onStoreError({ store, operation, error }) {
        const attributes = { 'session.store': store, 'session.operation': operation }
        metrics?.errors.add(1, attributes)
        span('session store error', 0, attributes, error)
      },
    },
    backend: backend => measureBackend(backend, metrics?.operations, span),
  }
}

type RecordSpan = (name: string, durationMs: number, attributes: Attributes, error?: Error) => void

/** Wraps the backend so that its functions that return a promise are measured. */
function measureBackend<B extends Backend>(
  backend: B,
  histogram: Histogram | undefined,
  span: RecordSpan,
): B {
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      return typeof member === 'function'
        ? measureOperation(String(property), member.bind(target))
        : member
    },
  })

  function measureOperation(
    operation: string,
    call: (...args: unknown[]) => unknown,
  ): (...args: unknown[]) => unknown {
    const report = (since: number, outcome: string, error?: Error): void => {
      const durationMs = performance.now() - since
      const attributes = { 'session.operation': operation, 'session.outcome': outcome }
      histogram?.record(durationMs / 1000, attributes)
      span(`session backend ${operation}`, durationMs, attributes, error)
    }
    return (...args) => {
      const since = performance.now()
      const result = call(...args)
      if (!(result instanceof Promise)) return result
      return result.then(
        value => {
          report(since, outcomeOf(value))
          return value
        },
        error => {
          report(since, 'error', error instanceof Error ? error : new Error('unknown failure'))
          throw error
        },
      )
    }
  }
}

/** The `status` of a result, such as `updated`, `conflict` or `gone`; `done` for operations without one. */
function outcomeOf(value: unknown): string {
  const status: unknown = Object(value).status
  return typeof status === 'string' ? status : 'done'
}

function instruments(meter: MeterLike): {
  readonly reads: Histogram
  readonly saves: Histogram
  readonly operations: Histogram
  readonly rejects: Counter
  readonly conflicts: Counter
  readonly revocations: Counter
  readonly errors: Counter
} {
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: 's' })
  const count = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { description, unit })
  return {
    reads: seconds('session.read.duration', 'Duration of reading a session'),
    saves: seconds('session.save.duration', 'Duration of saving a session'),
    operations: seconds('session.backend.duration', 'Duration of a backend operation'),
    rejects: count('session.rejects', '{cookie}', 'Cookies that were rejected'),
    conflicts: count('session.conflicts', '{retry}', 'Saves retried after a conflict'),
    revocations: count('session.revocations', '{session}', 'Sessions revoked from outside'),
    errors: count('session.store.errors', '{failure}', 'Failures of the backend'),
  }
}
