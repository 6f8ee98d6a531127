/**
 * Spans and metrics of sessions for OpenTelemetry.
 *
 * The tracer and the meter are handed in, so that nothing of OpenTelemetry is imported here.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'
import type { Hooks } from '../session/events.ts'

/** Attributes of spans and measurements. */
export type Attributes = Record<string, string | number | boolean>

/** The part of OpenTelemetry's `Span` that is used. */
export interface SpanLike {
  setAttributes(attributes: Attributes): unknown
  setStatus(status: { code: number; message?: string }): unknown
  end(endTime?: number): void
}

/** The part of its `Tracer` that is used: `trace.getTracer('app')`. */
export interface TracerLike {
  startSpan(name: string, options: { attributes?: Attributes; startTime?: number }): SpanLike
}

/** The part of its `Meter` that is used: `metrics.getMeter('app')`. */
export interface MeterLike {
  createCounter(name: string, options: { description: string; unit: string }): Counter
  createHistogram(name: string, options: { description: string; unit: string }): Histogram
}

/** What counts. */
export interface Counter {
  add(value: number, attributes?: Attributes): void
}

/** What measures. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void
}

/** Where spans and measurements go. Either may be left out. */
export interface TelemetryOptions {
  tracer?: TracerLike
  meter?: MeterLike
}

/** Hooks for a store, and a wrapper for its backend. */
export interface Telemetry {
  /** To spread into a store's options. */
  readonly hooks: Required<Hooks>
  /** The backend with each of its operations measured. */
  backend<B extends Backend>(backend: B): B
}

/** OpenTelemetry's `SpanStatusCode.ERROR`. */
const errorStatus = 2

/**
 * Tells OpenTelemetry of sessions that are read, saved, rejected and ended, and of how long a backend
 * takes. Nothing that it tells is secret: names of sessions, reasons, numbers.
 *
 *     const { hooks, backend } = telemetry({ tracer: trace.getTracer('app'), meter: metrics.getMeter('app') })
 *     const store = new ServerStore(backend(redis(client)), { keys, ...hooks })
 */
export function telemetry({ tracer, meter }: TelemetryOptions): Telemetry {
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
    backend: backend => measured(backend, metrics?.operations, span),
  }
}

type TellSpan = (name: string, durationMs: number, attributes: Attributes, error?: Error) => void

/** The same backend, whose functions that answer a promise are measured. */
function measured<B extends Backend>(
  backend: B,
  histogram: Histogram | undefined,
  span: TellSpan,
): B {
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      return typeof member === 'function'
        ? measuredOperation(String(property), member.bind(target))
        : member
    },
  })

  function measuredOperation(
    operation: string,
    call: (...args: unknown[]) => unknown,
  ): (...args: unknown[]) => unknown {
    const tell = (since: number, outcome: string, error?: Error): void => {
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
          tell(since, outcomeOf(value))
          return value
        },
        error => {
          tell(since, 'error', error instanceof Error ? error : new Error('unknown failure'))
          throw error
        },
      )
    }
  }
}

/** `updated`, `conflict`, `gone`, …, where an operation has several outcomes. */
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
    reads: seconds('session.read.duration', 'Reading a session'),
    saves: seconds('session.save.duration', 'Saving a session'),
    operations: seconds('session.backend.duration', 'An operation of a backend'),
    rejects: count('session.rejects', '{cookie}', 'Cookies that no session was accepted of'),
    conflicts: count('session.conflicts', '{retry}', 'Saves made again, as others saved first'),
    revocations: count('session.revocations', '{session}', 'Sessions ended from outside'),
    errors: count('session.store.errors', '{failure}', 'Failures of the place that keeps sessions'),
  }
}
