/**
 * The options of the inspector.
 *
 * @module
 */

import { assertTrustProxy, type TrustProxy } from '../http/origin.ts'
import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { InspectorEvent } from './events.ts'
import type { Redact } from './redaction.ts'
import type { Inspectable } from './store-view.ts'

/** Options of {@link inspector}. */
export interface InspectorOptions {
  /** What to inspect, by the names that the pages show: stores, or sessions that were defined. At least one. */
  stores: Readonly<Record<string, Inspectable>>
  /**
   * Decides about each request: only `true` grants access. A `Response` is sent instead of the page, such as a
   * redirect to the sign-in. Everything else is a 404, and an error a 500.
   *
   * Without it, the inspector works in development only (with NODE_ENV `development` or `test`), and only for this
   * machine, under the host `localhost`.
   *
   * @param request - the request as a web `Request`. It stands for `original`, so `store.get(request, name)` returns
   *   the session that an adapter has loaded
   * @param original - the request of the framework: the request of {@link Inspector.node}, or the second argument of
   *   {@link Inspector.fetch}
   */
  authorize?: (request: Request, original: unknown) => MaybePromise<boolean | Response>
  /**
   * Which values are never shown, on top of those whose names suggest secrets. True hides a value and everything below
   * it, false shows it, undefined leaves it to the names. If it throws, the value is hidden.
   */
  redact?: Redact
  /** Called with each action of an operator, such as the end of a session. What it throws is reported to `onError`. */
  onAction?: (event: InspectorEvent, request: Request) => MaybePromise<void>
  /** Called with errors. The client gets a page without details. Default `console.error`. */
  onError?: (error: unknown) => void
  /** Which proxies to believe when they say which origin was requested. Default none. */
  trustProxy?: TrustProxy
  /** The clock: Unix time in milliseconds. Default `Date.now`. */
  nowMs?: () => number
}

const known = [
  'stores',
  'authorize',
  'redact',
  'onAction',
  'onError',
  'trustProxy',
  'nowMs',
] as const satisfies (keyof InspectorOptions)[]

/** Throws TypeError or RangeError for wrong options, and a TypeError in production without `authorize`. */
export function assertInspectorOptions(options: InspectorOptions): void {
  assertKnownOptions('inspector()', options, known)
  const { stores, trustProxy } = options
  if (
    typeof stores !== 'object' ||
    stores === null ||
    typeof (stores as { get?: unknown }).get === 'function'
  ) {
    throw new TypeError(
      `stores must be an object of stores by name, such as { login: store }, not ${describeKind(stores)}`,
    )
  }
  if (Object.keys(stores).length === 0) throw new TypeError('stores must have at least one store')
  for (const option of ['authorize', 'redact', 'onAction', 'onError', 'nowMs'] as const) {
    if (options[option] !== undefined) assertFunction(option, options[option])
  }
  if (trustProxy !== undefined) assertTrustProxy(trustProxy)
  if (options.authorize || isForDevelopment()) return
  throw new TypeError(
    'the inspector needs the option authorize, because this may be production: pass a function that returns true ' +
      'for operators, or set NODE_ENV=development',
  )
}

/** Where the environment is not known, it may be production. */
function isForDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  const environment = process?.env?.NODE_ENV
  return environment === 'development' || environment === 'test'
}
