/**
 * Names for the devices in a list of sessions, for the option `devices` of a `ServerStore`.
 *
 * Requires the package `bowser`.
 *
 * @module
 */

import { parse } from 'bowser'

/**
 * Returns the browser and the operating system of a user agent, such as `Firefox on Linux`, or only the one that is
 * known. undefined if neither is. Never throws.
 */
export function deviceLabel(userAgent: string): string | undefined {
  // bowser throws for an empty string.
  if (!userAgent) return undefined
  const { browser, os } = parse(userAgent)
  return [browser.name, os.name].filter(Boolean).join(' on ') || undefined
}
