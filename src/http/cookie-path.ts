/**
 * The paths that browsers send a cookie to.
 *
 * @module
 */

/** True if browsers send a cookie with this `Path` to a request for `asked` (RFC 6265bis §5.1.4). */
export function isWithin(asked: string, path: string): boolean {
  if (!asked.startsWith(path)) return false
  return path.endsWith('/') || asked.length === path.length || asked[path.length] === '/'
}

/** The path of a request target: `/a?b`, or in absolute form, as sent to proxies, `http://host/a?b`. */
export function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  return /^[^?#]*/.exec(path)?.[0] || '/'
}
