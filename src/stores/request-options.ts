/**
 * Cookie attributes that depend on the request.
 *
 * @module
 */

import { assertOptions, type Options } from '../http/cookie-options.ts'
import { hasHeaders, type RequestLike } from '../http/request.ts'
import { describeKind } from '../lib/describe.ts'
import type { Defaults } from '../session/snapshot.ts'
import type { SessionStoreOptions } from './settings.ts'

/**
 * The defaults for this request. Throws a TypeError or RangeError for attributes that are wrong, and for a request
 * without headers.
 */
export function defaultsFor(
  request: RequestLike,
  defaults: Defaults,
  optionsFor: NonNullable<SessionStoreOptions['optionsFor']>,
): Defaults {
  if (!hasHeaders(request)) {
    throw new TypeError('optionsFor needs a request with headers, not only a cookie jar')
  }
  const own: unknown = optionsFor(request)
  if (own === undefined) return defaults
  if (typeof own !== 'object' || own === null || own instanceof Promise) {
    throw new TypeError(`optionsFor must return cookie attributes, not ${describeKind(own)}`)
  }
  if ('maxAge' in own) {
    throw new TypeError(
      'optionsFor cannot return maxAge: set it in options, or call session.remember()',
    )
  }
  const options: Options = { ...defaults.options, ...own }
  try {
    assertOptions(options)
  } catch (error) {
    ;(error as Error).message = `optionsFor: ${(error as Error).message}`
    throw error
  }
  return { ...defaults, options }
}
