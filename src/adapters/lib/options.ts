/**
 * Options of the adapters.
 *
 * @module
 */

import { assertFunction, assertKnownOptions, assertOneOf } from '../../lib/assert-options.ts'

/** Options that every adapter has. */
export interface AdapterOptions {
  /**
   * Whether to save the sessions of a response with a status of 500 or more. `'keep'` saves them, `'discard'`
   * does not. Default `'keep'`.
   */
  saveOnError?: 'keep' | 'discard'
}

/** Options of adapters for servers without error handlers of their own. */
export interface ReportingOptions extends AdapterOptions {
  /**
   * Called with errors that the handler throws, and with failed loads and saves. The client gets a 500
   * without details. Default `console.error`.
   */
  onError?: (error: unknown) => void
}

/** Throws a TypeError for an unknown or invalid option. */
export function assertAdapterOptions(options: AdapterOptions): void {
  assertKnownOptions('sessions()', options, ['saveOnError'])
  const { saveOnError = 'keep' } = options
  assertOneOf('saveOnError', saveOnError, ['keep', 'discard'])
}

/**
 * Separates `onError` from the options that every adapter has. Throws a TypeError for an unknown or invalid
 * option.
 */
export function splitReportingOptions(options: ReportingOptions): {
  readonly onError: (error: unknown) => void
  readonly adapterOptions: AdapterOptions
} {
  assertKnownOptions('sessions()', options, ['saveOnError', 'onError'])
  const { onError = console.error, ...adapterOptions } = options
  assertFunction('onError', onError)
  return { onError, adapterOptions }
}
