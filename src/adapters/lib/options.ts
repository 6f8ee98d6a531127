/**
 * What every adapter can be told.
 *
 * @module
 */

import { describeKind } from '../../lib/describe.ts'

/** Options of every adapter. */
export interface AdapterOptions {
  /**
   * What becomes of changes to sessions when the response has a status of 500 or more: they are kept
   * (`'keep'`, the default), or nothing is saved (`'discard'`).
   */
  saveOnError?: 'keep' | 'discard'
}

/** Options of adapters for servers that have no place for errors of their own. */
export interface ReportingOptions extends AdapterOptions {
  /**
   * Told of what the handler throws, and of sessions that cannot be loaded or saved. The client only
   * gets a 500. Default: `console.error`.
   */
  onError?: (error: unknown) => void
}

/** Throws a TypeError that names the option which is wrong. */
export function assertAdapterOptions({ saveOnError = 'keep', onError }: ReportingOptions): void {
  if (saveOnError !== 'keep' && saveOnError !== 'discard') {
    throw new TypeError(`saveOnError must be 'keep' or 'discard', not ${describeKind(saveOnError)}`)
  }
  if (onError !== undefined && typeof onError !== 'function') {
    throw new TypeError(`onError must be a function, not ${describeKind(onError)}`)
  }
}
