import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { type MeterLike, type TracerLike, telemetry } from 'silverback/otel'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

/** Makes a store whose spans and metrics are collected in memory. */
function observed(): {
  store: ServerStore
  backend: ReturnType<typeof memory>
  spans: InMemorySpanExporter
  collect(): Promise<Map<string, { count: number; attributes: object[] }>>
} {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
  })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const backend = memory()
  const otel = telemetry({
    tracer: tracerProvider.getTracer('test'),
    meter: meterProvider.getMeter('test'),
  })
  const store = new ServerStore(otel.backend(backend), { keys, ...otel.hooks })
  return {
    store,
    backend,
    spans,
    async collect() {
      await reader.forceFlush()
      const found = new Map<string, { count: number; attributes: object[] }>()
      const measured = exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(scope => scope.metrics)
      for (const { descriptor, dataPoints } of measured ?? []) {
        const counts = dataPoints.map(({ value }) =>
          typeof value === 'number' ? value : (value as { count: number }).count,
        )
        found.set(descriptor.name, {
          count: counts.reduce((sum, each) => sum + each, 0),
          attributes: dataPoints.map(point => point.attributes),
        })
      }
      await meterProvider.shutdown()
      return found
    },
  }
}

async function visit(
  store: ServerStore,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const [request, response] = [nodeRequest(cookie), nodeResponse()]
  const session = await store.get(request, 'sid')
  change(session)
  await session.save(request, response)
  return cookieHeader(response)
}

suite('OpenTelemetry', () => {
  test('records reads, saves and backend operations as spans', async () => {
    const { store, spans } = observed()
    const cookie = await visit(store, session => session.login('ann'))
    await visit(store, session => Object.assign(session.values, { card: '4111' }), cookie)
    const names = spans.getFinishedSpans().map(({ name }) => name)
    for (const name of [
      'session read',
      'session save',
      'session backend create',
      'session backend load',
      'session backend update',
    ]) {
      assert.ok(names.includes(name), `${name} of ${names.join(', ')}`)
    }
    for (const { startTime, endTime } of spans.getFinishedSpans()) {
      assert.ok(endTime[0] > startTime[0] || endTime[1] >= startTime[1])
    }
  })

  test('measures reads, rejects by reason, saves, conflicts and revocations', async () => {
    const { store, collect } = observed()
    const cookie = await visit(store, session => session.login('ann'))
    await visit(store, () => undefined, 'sid=forged')
    const [request, response] = [nodeRequest(cookie), nodeResponse()]
    const slow = await store.get(request, 'sid')
    await visit(store, session => Object.assign(session.values, { one: 1 }), cookie)
    Object.assign(slow.values, { two: 2 })
    await slow.save(request, response)
    await store.revokeAll('ann')
    const found = await collect()
    assert.equal(found.get('session.read.duration')?.count, 4)
    assert.equal(found.get('session.save.duration')?.count, 4)
    assert.equal(found.get('session.conflicts')?.count, 1)
    assert.equal(found.get('session.revocations')?.count, 1)
    assert.deepEqual(found.get('session.rejects'), {
      count: 1,
      attributes: [
        { 'session.name': 'sid', 'session.store': 'ServerStore', 'session.reason': 'malformed' },
      ],
    })
    const operations = found.get('session.backend.duration')?.attributes as Record<string, string>[]
    assert.ok(operations.some(each => each['session.outcome'] === 'conflict'))
  })

  test('records a failure as a span with an error, and counts it', async () => {
    const { store, backend, spans, collect } = observed()
    const cookie = await visit(store, session => session.login('ann'))
    backend.load = () => Promise.reject(new Error('connection refused'))
    await assert.rejects(
      visit(store, () => undefined, cookie),
      { code: 'store-failed' },
    )
    const failed = spans
      .getFinishedSpans()
      .filter(({ status }) => status.code === SpanStatusCode.ERROR)
    assert.deepEqual(
      failed.map(({ name }) => name),
      ['session backend load', 'session store error'],
    )
    assert.equal((await collect()).get('session.store.errors')?.count, 1)
  })

  test('reports no secrets', async () => {
    const { store, spans, collect } = observed()
    const cookie = await visit(store, session => {
      session.login('ann@example.com')
      Object.assign(session.values, { card: '4111-1111' })
    })
    const { id } = await store.get(nodeRequest(cookie), 'sid')
    const reported = JSON.stringify([
      spans.getFinishedSpans().map(({ name, attributes, status }) => [name, attributes, status]),
      [...(await collect())],
    ])
    for (const secret of [cookie.slice(4), id as string, '4111', 'ann@']) {
      assert.ok(!reported.includes(secret))
    }
  })

  test('accepts the tracer and the meter of the OpenTelemetry API', () => {
    const tracer: TracerLike = trace.getTracer('app')
    const meter: MeterLike = metrics.getMeter('app')
    assert.ok(telemetry({ tracer, meter }).hooks.onSession)
    assert.ok(telemetry({}).backend(memory()).load)
  })

  test('refuses an unknown option', () => {
    assert.throws(() => telemetry({ tracing: {} } as never), {
      name: 'TypeError',
      message: 'telemetry has no option tracing; it has tracer, meter',
    })
  })
})
