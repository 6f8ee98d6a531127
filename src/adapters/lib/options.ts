/**
 * Options of the adapters.
 *
 * @module
 */

import {
  assertBoolean,
  assertFunction,
  assertKnownOptions,
  assertOneOf,
} from '../../lib/assert-options.ts'

/** Options that every adapter has. `Lazy` is the type of the option `lazy`. */
export interface AdapterOptions<Lazy extends boolean = boolean> {
  /**
   * Whether to save the sessions of a response with a status of 500 or more. `'keep'` saves them, `'discard'`
   * does not. Default `'keep'`.
   */
  saveOnError?: 'keep' | 'discard'
  /**
   * Whether to load a session only when a handler asks for it, with `await login.get(request)`. `session` and
   * `sessions` are then not set, and a request whose handler loads no session costs no read and gets no `Vary`.
   * Default false.
   */
  lazy?: Lazy
}

/** Options of adapters for servers without error handlers of their own. */
export interface ReportingOptions<Lazy extends boolean = boolean> extends AdapterOptions<Lazy> {
  /**
   * Called with errors that the handler throws, and with failed loads and saves. The client gets a 500
   * without details. Default `console.error`.
   */
  onError?: (error: unknown) => void
}

const known = ['saveOnError', 'lazy'] as const satisfies (keyof AdapterOptions)[]

/** Throws a TypeError for an unknown or invalid option. */
export function assertAdapterOptions(options: AdapterOptions): void {
  assertKnownOptions('sessions()', options, known)
  const { saveOnError = 'keep', lazy = false } = options
  assertOneOf('saveOnError', saveOnError, ['keep', 'discard'])
  assertBoolean('lazy', lazy)
}

/**
 * Separates `onError` from the options that every adapter has. Throws a TypeError for an unknown or invalid
 * option.
 */
export function splitReportingOptions<Lazy extends boolean>(
  options: ReportingOptions<Lazy>,
): {
  readonly onError: (error: unknown) => void
  readonly adapterOptions: AdapterOptions<Lazy>
} {
  assertKnownOptions('sessions()', options, [...known, 'onError'])
  const { onError = console.error, ...adapterOptions } = options
  assertFunction('onError', onError)
  return { onError, adapterOptions }
}
